import assert from "node:assert/strict";
import test from "node:test";

import { A, B, job } from "./support/records.js";
import { Rig, subscriptions } from "./support/rig.js";
import { vectors } from "./support/vectors.js";

for (const { name, shown, event, taken } of vectors.live_versions) {
  test(`after the answer to a call: an event that is ${name} is ${taken ? "taken" : "passed over"}`, () => {
    const rig = new Rig().connect([A]);
    rig.input({ type: "record", job: job(A, shown, { stage: "shown" }) });
    rig.tell(job(A, event, { stage: "event" }));
    assert.equal(rig.job(A)?.stage, taken ? "event" : "shown");
  });
}

for (const { name, told, answered, event, shown } of vectors.losses) {
  test(`on a WebSocket that stands: an event ${name}, shows ${shown === event ? "itself" : "what was there"}`, () => {
    const rig = new Rig().connect([A]);
    rig.tell(job(A, told));
    rig.say({ type: "subscribed", jobs: [A] });
    if (answered !== null) rig.input({ type: "record", job: job(A, answered) });
    rig.tell(job(A, event));
    assert.equal(rig.job(A)?.version, shown);
  });
}

for (const { name, client, store, sent } of vectors.versions.filter(({ sent, client }) => sent && client > 0)) {
  test(`coming back: the snapshot is taken when ${name}`, () => {
    const rig = new Rig().connect([A]);
    rig.tell(job(A, client));
    rig.closed();
    rig.advance(5_000);
    rig.greet();
    rig.tell(job(A, store));
    assert.equal(rig.job(A)?.version, sent ? store : client);
  });
}

test("coming back with the version that the server has, a loss of data after that is shown", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 9));
  rig.closed();
  rig.advance(5_000);
  rig.greet();
  rig.say({ type: "subscribed", jobs: [A] });
  rig.tell(job(A, 8));
  assert.equal(rig.job(A)?.version, 8);
});

test("coming back, a snapshot that was on its way when a call was answered does not replace the answer", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.closed();
  rig.advance(5_000);
  rig.greet();
  rig.input({ type: "record", job: job(A, 9) });
  rig.tell(job(A, 8));
  rig.say({ type: "subscribed", jobs: [A] });
  assert.equal(rig.job(A)?.version, 9);
});

test("an answer that the store has lost again is corrected: after `unavailable` the server is asked", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7, { status: "failed" }));
  rig.say({ type: "subscribed", jobs: [A] });
  rig.input({ type: "record", job: job(A, 9, { status: "queued" }) });
  rig.say({ type: "error", code: "unavailable", message: "" });
  assert.deepEqual(rig.sent(rig.advance(0)), [{ type: "subscribe", jobs: { [A]: 0 } }]);
  rig.say({ type: "error", code: "unavailable", message: "" });
  assert.deepEqual(rig.sent(rig.advance(0)), []);
  rig.tell(job(A, 7, { status: "failed" }));
  rig.say({ type: "subscribed", jobs: [A] });
  assert.equal(rig.job(A)?.status, "failed");
});

test("each change is delivered once, as a frozen state", () => {
  const rig = new Rig().connect([A]);
  assert.equal(rig.tell(job(A, 7)).filter(({ type }) => type === "deliver").length, 1);
  assert.equal(rig.tell(job(A, 7)).filter(({ type }) => type === "deliver").length, 0);
  assert.ok(Object.isFrozen(rig.shown.get(A)));
});

test("a job that nobody watches is not delivered", () => {
  const rig = new Rig().connect([A]);
  assert.deepEqual(rig.tell(job(B, 7)), []);
});

test("`unknown` makes the client forget the version, and the job may still appear", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 9));
  rig.say({ type: "unknown", job: A, expired: false });
  assert.deepEqual(rig.shown.get(A), { id: A, phase: "unknown", job: null });
  rig.tell(job(A, 3));
  assert.equal(rig.job(A)?.version, 3);
});

test("a forgotten version is not named on coming back", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 9));
  rig.say({ type: "unknown", job: A, expired: true });
  assert.equal(rig.shown.get(A)?.phase, "expired");
  rig.closed();
  rig.advance(5_000);
  assert.deepEqual(subscriptions(rig.sent(rig.greet())), { [A]: 0 });
});

test("`unavailable` changes nothing: the client waits, and is connected", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  assert.deepEqual(rig.say({ type: "error", code: "unavailable", message: "" }), []);
  assert.deepEqual(rig.connection, { phase: "open", transport: "websocket", lostAt: null });
});

test("an event of the old subscription does not replace what a call was answered with meanwhile", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.input({ type: "unwatch", id: A });
  rig.watch(A);
  rig.input({ type: "record", job: job(A, 10, { status: "queued" }) });
  rig.advance(0);
  assert.deepEqual(rig.tell(job(A, 8)).filter(({ type }) => type === "deliver"), []);
  rig.tell(job(A, 10, { status: "queued" }));
  rig.say({ type: "subscribed", jobs: [A] });
  assert.equal(rig.job(A)?.version, 10);
});

test("a job that is watched again after its newest state was lost shows, with `subscribed`, what the store has", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.input({ type: "unwatch", id: A });
  rig.watch(A);
  rig.input({ type: "record", job: job(A, 10) });
  rig.advance(0);
  rig.tell(job(A, 8));
  assert.equal(rig.job(A)?.version, 10);
  rig.say({ type: "subscribed", jobs: [A] });
  assert.equal(rig.job(A)?.version, 8);
});

test("a `subscribed` that was on its way for an earlier subscription is not taken for the last word", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.input({ type: "unwatch", id: A });
  rig.watch(A);
  rig.input({ type: "record", job: job(A, 10) });
  rig.advance(0);
  rig.say({ type: "subscribed", jobs: [A] });
  rig.tell(job(A, 8));
  rig.say({ type: "subscribed", jobs: [A] });
  assert.equal(rig.job(A)?.version, 8);
});

test("a record that came with an answer is shown if it is newer", () => {
  const rig = new Rig().connect([A]);
  rig.tell(job(A, 7));
  rig.input({ type: "record", job: job(A, 9) });
  assert.equal(rig.job(A)?.version, 9);
  rig.input({ type: "record", job: job(A, 8) });
  rig.tell(job(A, 8));
  assert.equal(rig.job(A)?.version, 9);
});

test("each answer to a poll is a snapshot, and may be older after a loss of data", () => {
  const rig = new Rig().poll(A);
  rig.tell(job(A, 9), "polling");
  rig.tell(job(A, 8), "polling");
  assert.equal(rig.job(A)?.version, 8);
});
