import assert from "node:assert/strict";
import test from "node:test";

import { PONG_MS } from "../../../web/client/liveness.js";
import { A, job } from "./support/records.js";
import { Rig } from "./support/rig.js";

/** With the usual interval of 25 s. */
const SILENCE_MS = 1.5 * 25_000 + 2_500;

/** @param {Rig} rig */
function subscribed(rig) {
  rig.say({ type: "subscribed", jobs: [A] });
  return rig;
}

test("a WebSocket that is silent for longer than one and a half intervals is asked, and given up without an answer", () => {
  const rig = subscribed(new Rig().connect([A]));
  assert.deepEqual(rig.sent(rig.advance(SILENCE_MS - 1)), []);
  assert.deepEqual(rig.sent(rig.advance(1)), [{ type: "ping" }]);
  rig.advance(PONG_MS - 1);
  assert.equal(rig.connection.phase, "open");
  rig.advance(1);
  assert.equal(rig.connection.phase, "waiting");
});

test("the server's interval is the one that counts", () => {
  const rig = subscribed(new Rig().connect([A], { ping_interval_ms: 4_000 }));
  assert.deepEqual(rig.sent(rig.advance(8_499)), []);
  assert.deepEqual(rig.sent(rig.advance(1)), [{ type: "ping" }]);
});

test("whatever is heard counts as a sign of life", () => {
  const rig = subscribed(new Rig().connect([A]));
  for (const message of /** @type {const} */ ([{ type: "ping" }, { type: "pong" }, { type: "job", job: job(A, 7) }])) {
    rig.advance(SILENCE_MS - 1);
    rig.say(message);
  }
  assert.deepEqual(rig.sent(rig.advance(SILENCE_MS - 1)), []);
  assert.deepEqual(rig.sent(rig.advance(1)), [{ type: "ping" }]);
});

test("an answer to the ping keeps the WebSocket, and the watch over it goes on", () => {
  const rig = subscribed(new Rig().connect([A]));
  rig.advance(SILENCE_MS);
  rig.say({ type: "pong" });
  rig.advance(PONG_MS);
  assert.equal(rig.connection.phase, "open");
  assert.deepEqual(rig.sent(rig.advance(SILENCE_MS)), [{ type: "ping" }]);
});

test("a subscription that nothing answers makes the WebSocket suspect after 10 s", () => {
  const rig = new Rig().connect([A]);
  assert.deepEqual(rig.sent(rig.advance(9_999)), []);
  assert.deepEqual(rig.sent(rig.advance(1)), [{ type: "ping" }]);
});

test("WebSockets that greet and then say nothing more are replaced by polling after two of them", () => {
  const rig = new Rig().connect([A]);
  rig.advance(10_000 + PONG_MS);
  assert.deepEqual([rig.connection.phase, rig.connection.transport], ["waiting", "websocket"]);
  rig.advance(rig.due("retry:websocket") ?? 0);
  rig.greet();
  rig.advance(10_000 + PONG_MS);
  assert.equal(rig.connection.transport, "polling");
});

test("a page that wakes up asks before it trusts the WebSocket", () => {
  const rig = subscribed(new Rig().connect([A]));
  rig.now += 3_600_000;
  assert.deepEqual(rig.sent(rig.input({ type: "wake" })), [{ type: "ping" }]);
  rig.advance(PONG_MS);
  assert.equal(rig.connection.phase, "waiting");
});

test("a page that wakes up several times at once asks once", () => {
  const rig = subscribed(new Rig().connect([A]));
  rig.now += 60_000;
  rig.input({ type: "wake" });
  assert.deepEqual(rig.sent(rig.input({ type: "wake" })), []);
  rig.say({ type: "pong" });
  assert.deepEqual(rig.sent(rig.input({ type: "wake" })), []);
});

test("a page that wakes up while the client waits makes it try at once", () => {
  const rig = new Rig().connect([A]);
  rig.closed();
  assert.equal(rig.connection.phase, "waiting");
  assert.deepEqual(rig.openings(rig.input({ type: "wake" })), ["websocket"]);
  assert.equal(rig.due("retry:websocket"), null);
  assert.deepEqual(rig.openings(rig.input({ type: "wake" })), []);
});

test("a page that wakes up after a goodbye comes back when the server allows it, and not before", () => {
  const rig = new Rig().connect([A], { retry_window_ms: 4_000 });
  rig.say({ type: "goodbye", retry_after_ms: 30_000 });
  rig.closed(4001);
  rig.advance(10);
  assert.deepEqual(rig.openings(rig.input({ type: "wake" })), []);
  assert.equal(rig.due("retry:websocket"), 29_990);
  assert.deepEqual(rig.openings(rig.advance(29_990)), ["websocket"]);
});

test("a page that wakes up within the window behind a goodbye comes back at once", () => {
  const rig = new Rig().connect([A], { retry_window_ms: 4_000 });
  rig.say({ type: "goodbye", retry_after_ms: 1_500 });
  rig.closed(4001);
  rig.advance(1_500);
  assert.deepEqual(rig.openings(rig.input({ type: "wake" })), ["websocket"]);
});

test("a page that wakes up while it polls polls at once, and tries the WebSocket at once", () => {
  const rig = new Rig().poll(A);
  const effects = rig.input({ type: "wake" });
  assert.deepEqual(rig.openings(effects), ["websocket"]);
  assert.deepEqual(rig.sent(effects), [{ type: "ping" }]);
});

test("a page that wakes up while polling waits makes that try at once too", () => {
  const rig = new Rig().poll(A);
  rig.closed(1006, "polling");
  assert.deepEqual(rig.openings(rig.input({ type: "wake" })).sort(), ["polling", "websocket"]);
});

test("a page that wakes up and watches nothing stays idle", () => {
  const rig = new Rig();
  rig.input({ type: "wake" });
  assert.deepEqual([rig.openings(), rig.sent()], [[], []]);
});
