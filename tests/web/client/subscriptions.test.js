import assert from "node:assert/strict";
import test from "node:test";

import { BATCH, BUDGET } from "../../../web/client/subscriptions.js";
import { A, B, idOf, job } from "./support/records.js";
import { Rig, size, subscriptions } from "./support/rig.js";

const many = (/** @type {number} */ count) => Array.from({ length: count }, (_, index) => idOf(index));

test("what is watched before the greeting is subscribed with it, from version 0", () => {
  const rig = new Rig();
  rig.watch(A, B);
  assert.deepEqual(rig.sent(rig.greet()), [{ type: "subscribe", jobs: { [A]: 0, [B]: 0 } }]);
});

test("jobs watched in one go are subscribed in one message", () => {
  const rig = new Rig().connect([A]);
  rig.watch(idOf(1), idOf(2), idOf(3));
  assert.deepEqual(rig.sent(), []);
  assert.deepEqual(rig.sent(rig.advance(0)).map(size), [3]);
});

test("a client that comes back names the last version it saw", () => {
  const rig = new Rig().connect([A, B]);
  rig.tell(job(A, 1763612345678901));
  rig.closed();
  rig.advance(5_000);
  assert.deepEqual(subscriptions(rig.sent(rig.greet())), { [A]: 1763612345678901, [B]: 0 });
});

test("a message names 200 jobs at most and stays under 16 KiB", () => {
  const rig = new Rig().connect(many(250));
  for (const id of many(250)) rig.tell(job(id, 1763612345678901));
  rig.closed();
  rig.advance(5_000);
  const messages = rig.sent(rig.greet());
  assert.deepEqual(messages.map(size), [BATCH, 50]);
  for (const message of messages) assert.ok(JSON.stringify(message).length < 16 * 1024);
});

test("no more messages are sent in 10 s than the server stands; the rest follow", () => {
  const rig = new Rig().connect([A]);
  let sent = 0;
  for (let index = 0; index < 40; index += 1) {
    rig.watch(idOf(index));
    sent += rig.sent(rig.advance(10)).length;
  }
  assert.equal(sent, BUDGET - 1);
  const rest = rig.sent(rig.advance(10_000));
  assert.equal(rest.filter(({ type }) => type === "subscribe").length, 1);
  assert.equal(rig.state.websocket.ids.size, 41);
});

test("what waits for its turn waits until the oldest message that counts is no longer counted", () => {
  const rig = new Rig().connect([A]);
  for (let index = 1; index < BUDGET; index += 1) {
    rig.advance(600);
    rig.say({ type: "pong" });
    rig.watch(idOf(index));
    rig.advance(0);
  }
  rig.advance(1_100);
  assert.deepEqual(rig.sent(rig.input({ type: "wake" })), [{ type: "ping" }]);
  rig.say({ type: "pong" });
  rig.advance(600);
  rig.watch(B);
  assert.deepEqual(rig.sent(rig.advance(0)), []);
  assert.equal(rig.due("flush"), 500);
  assert.deepEqual(rig.sent(rig.advance(500)), [{ type: "subscribe", jobs: { [B]: 0 } }]);
});

test("what the server refuses to watch is polled", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.watch(B);
  rig.advance(0);
  assert.deepEqual(rig.openings(rig.say({ type: "error", code: "too_many_jobs", message: "" })), ["polling"]);
  assert.deepEqual(subscriptions(rig.sent(rig.opened("polling"))), { [B]: 0 });
  rig.tell(job(B, 3), "polling");
  assert.equal(rig.job(B)?.version, 3);
});

test("jobs beyond the server's limit are polled beside the WebSocket", () => {
  const rig = new Rig().connect(many(5), { max_jobs: 3 });
  assert.deepEqual(rig.openings(), ["polling"]);
  assert.deepEqual(rig.sent().map(size), [3]);
  assert.deepEqual(subscriptions(rig.sent(rig.opened("polling"))), { [idOf(3)]: 0, [idOf(4)]: 0 });
  assert.equal(rig.connection.transport, "websocket");
});

test("a place that becomes free on the WebSocket is given to a job that is polled", () => {
  const rig = new Rig().connect(many(4), { max_jobs: 3 });
  rig.opened("polling");
  rig.tell(job(idOf(3), 7), "polling");
  rig.input({ type: "unwatch", id: idOf(0) });
  const effects = rig.advance(0);
  assert.deepEqual(rig.sent(effects), [
    { type: "unsubscribe", jobs: [idOf(0)] },
    { type: "subscribe", jobs: { [idOf(3)]: 0 } },
  ]);
  assert.equal(rig.state.polling.phase, "off");
});

test("jobs that are polled beside it go on while the WebSocket comes back", () => {
  const rig = new Rig().connect(many(4), { max_jobs: 3 });
  rig.opened("polling");
  rig.closed();
  rig.watch(A);
  rig.advance(0);
  rig.tell(job(idOf(3), 7), "polling");
  assert.equal(rig.job(idOf(3))?.version, 7);
  assert.equal(rig.connection.phase, "waiting");
});

test("a job that is left and watched again within a moment is subscribed anew, since news may have been missed", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.input({ type: "unwatch", id: A });
  rig.tell(job(A, 8, { status: "succeeded" }));
  rig.watch(A);
  assert.deepEqual(rig.sent(rig.advance(0)), [{ type: "subscribe", jobs: { [A]: 0 } }]);
  rig.tell(job(A, 8, { status: "succeeded" }));
  assert.equal(rig.job(A)?.status, "succeeded");
});

test("a final job that starts again by a call of ours is polled at once", () => {
  const rig = new Rig().poll(A);
  rig.tell(job(A, 7, { status: "failed" }), "polling");
  rig.input({ type: "record", job: job(A, 8, { status: "queued" }) });
  assert.deepEqual(rig.sent(rig.advance(0)), [{ type: "subscribe", jobs: { [A]: 8 } }]);
});
