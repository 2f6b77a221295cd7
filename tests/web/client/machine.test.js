import assert from "node:assert/strict";
import test from "node:test";

import { IDLE_MS, initialState, step } from "../../../web/client/machine.js";
import { loading } from "../../../web/client/records.js";
import { A, B, job } from "./support/records.js";
import { Rig } from "./support/rig.js";

test("nothing is connected before something is watched", () => {
  const rig = new Rig();
  assert.deepEqual(rig.connection, { phase: "idle", transport: "websocket", lostAt: null });
});

test("the phases of a connection that works, breaks and works again", () => {
  const rig = new Rig();
  const phases = [
    () => rig.watch(A),
    () => rig.greet(),
    () => rig.closed(),
    () => rig.advance(5_000),
    () => rig.greet(),
  ].map((act) => {
    act();
    return rig.connection.phase;
  });
  assert.deepEqual(phases, ["connecting", "open", "waiting", "connecting", "open"]);
});

test("since when a connection is missing is kept through all attempts, and forgotten when there is one", () => {
  const rig = new Rig().connect([A]);
  assert.equal(rig.connection.lostAt, null);
  rig.live(60_000);
  const lostAt = rig.now;
  rig.closed();
  rig.advance(5_000);
  rig.closed();
  rig.opened("polling");
  rig.closed(1006, "polling");
  rig.advance(250);
  assert.equal(rig.connection.lostAt, lostAt);
  rig.opened("polling");
  rig.say({ type: "ping" }, "polling");
  assert.equal(rig.connection.lostAt, null);
});

test("a first connection that is long in coming is missing too", () => {
  const rig = new Rig();
  rig.watch(A);
  const since = rig.now;
  rig.advance(3_000);
  assert.equal(rig.connection.lostAt, since);
});

test("a WebSocket that carries nothing any more is kept for a while, then closed", () => {
  const rig = new Rig().connect([A]);
  rig.input({ type: "unwatch", id: A });
  assert.deepEqual(rig.sent(rig.advance(0)), [{ type: "unsubscribe", jobs: [A] }]);
  rig.live(IDLE_MS - 1);
  assert.equal(rig.connection.phase, "open");
  rig.advance(1);
  assert.equal(rig.connection.phase, "idle");
});

test("what is watched meanwhile keeps the WebSocket", () => {
  const rig = new Rig().connect([A]);
  rig.input({ type: "unwatch", id: A });
  rig.advance(1_000);
  rig.watch(B);
  rig.live(2 * IDLE_MS);
  assert.equal(rig.connection.phase, "open");
});

test("an idle client that the server sends away comes back when there is something to watch", () => {
  const rig = new Rig().connect([A]);
  rig.input({ type: "unwatch", id: A });
  rig.closed(4006);
  assert.equal(rig.connection.phase, "idle");
  assert.deepEqual(rig.openings(rig.advance(600_000)), []);
  rig.watch(B);
  assert.deepEqual(rig.openings(), ["websocket"]);
});

test("nothing is tried any more when nothing is watched any more", () => {
  const rig = new Rig().connect([A]);
  rig.closed();
  rig.input({ type: "unwatch", id: A });
  assert.deepEqual(rig.connection, { phase: "idle", transport: "websocket", lostAt: null });
  assert.deepEqual(rig.openings(rig.advance(600_000)), []);
});

test("where WebSockets were blocked, the next watch starts with polling and a trial", () => {
  const rig = new Rig().poll(A);
  rig.input({ type: "unwatch", id: A });
  assert.equal(rig.connection.phase, "idle");
  rig.watch(B);
  assert.deepEqual(rig.openings().sort(), ["polling", "websocket"]);
});

test("another job watched while polling works is no reason for a trial", () => {
  const rig = new Rig().poll(A);
  rig.watch(B);
  assert.deepEqual(rig.openings(), []);
});

test("a closed client drops its connections and does nothing more", () => {
  const rig = new Rig().connect([A]);
  assert.ok(rig.input({ type: "close" }).some(({ type }) => type === "drop"));
  assert.equal(rig.connection.phase, "closed");
  assert.equal(rig.timers.size, 0);
  rig.watch(B);
  rig.tell(job(A, 7));
  rig.input({ type: "wake" });
  assert.deepEqual(rig.effects, []);
});

test("a step changes nothing of what goes in", () => {
  const before = step(initialState(), { type: "watch", state: loading(A) }, { now: 1, random: 0 }).state;
  const copy = structuredClone(before);
  step(before, { type: "opened", link: 1 }, { now: 2, random: 0 });
  step(before, { type: "close" }, { now: 2, random: 0 });
  step(before, { type: "unwatch", id: A }, { now: 2, random: 0 });
  assert.deepEqual(before, copy);
});
