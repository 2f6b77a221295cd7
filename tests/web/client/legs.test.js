import assert from "node:assert/strict";
import test from "node:test";

import { OPENING_MS, TRIAL_OPENING_MS, YOUNG_MS } from "../../../web/client/legs.js";
import { A, B, job } from "./support/records.js";
import { Rig, subscriptions } from "./support/rig.js";

test("a WebSocket that fails to open is replaced by polling at once", () => {
  const rig = new Rig();
  rig.watch(A);
  assert.deepEqual(rig.openings(), ["websocket"]);
  rig.closed();
  assert.deepEqual(rig.openings(), ["polling"]);
  assert.equal(rig.connection.transport, "polling");
});

test("a WebSocket that neither opens nor fails is replaced by polling after 5 s", () => {
  const rig = new Rig();
  rig.watch(A);
  assert.deepEqual(rig.openings(rig.advance(OPENING_MS - 1)), []);
  const effects = rig.advance(1);
  assert.deepEqual(rig.openings(effects), ["polling"]);
  assert.ok(effects.some(({ type }) => type === "drop"));
});

test("a WebSocket that opens and stays silent is replaced by polling after 5 s", () => {
  const rig = new Rig();
  rig.watch(A);
  rig.advance(4_000);
  rig.opened("websocket");
  assert.deepEqual(rig.openings(rig.advance(4_999)), []);
  assert.deepEqual(rig.openings(rig.advance(1)), ["polling"]);
});

test("a WebSocket that speaks, but without a hello, is not believed", () => {
  const rig = new Rig();
  rig.watch(A);
  rig.opened("websocket");
  rig.tell(job(A, 7));
  assert.equal(rig.job(A), null);
  assert.deepEqual(rig.openings(rig.advance(OPENING_MS)), ["polling"]);
});

test("a WebSocket that dies young is tried once more, and replaced by polling when it dies young again", () => {
  const rig = new Rig().connect([A]);
  rig.advance(YOUNG_MS - 1);
  rig.closed();
  assert.deepEqual([rig.connection.phase, rig.connection.transport], ["waiting", "websocket"]);
  rig.advance(5_000);
  rig.greet();
  rig.advance(YOUNG_MS - 1);
  rig.closed();
  assert.deepEqual(rig.openings(), ["polling"]);
});

test("a long life in between makes a young death the first again", () => {
  const rig = new Rig().connect([A]);
  for (const age of [1_000, YOUNG_MS, 1_000]) {
    rig.live(age);
    rig.closed();
    assert.equal(rig.connection.transport, "websocket");
    rig.advance(rig.due("retry:websocket") ?? 0);
    rig.greet();
  }
});

test("closes that the server decided on are no sign against WebSockets, however young", () => {
  const rig = new Rig().connect([A]);
  for (const code of [4001, 4006, 4008, 4010, 4012, 4013, 4499]) {
    rig.closed(code);
    assert.deepEqual([rig.connection.phase, rig.connection.transport], ["waiting", "websocket"], String(code));
    rig.advance(rig.due("retry:websocket") ?? 0);
    rig.greet();
  }
});

test("closes the server decided on, again and again, are answered with longer and longer pauses", () => {
  const rig = new Rig().connect([A]);
  const pauses = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    rig.closed(4013);
    const pause = rig.due("retry:websocket");
    rig.advance(pause ?? 0);
    rig.greet();
    return pause;
  });
  assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
});

test("4500 to 4999 end the use of WebSockets: polling takes over, and nothing tries again", () => {
  for (const code of [4500, 4501, 4504, 4999]) {
    const rig = new Rig().connect([A]);
    rig.closed(code);
    assert.deepEqual(rig.openings(), ["polling"]);
    rig.opened("polling");
    rig.say({ type: "ping" }, "polling");
    assert.deepEqual(rig.openings(rig.advance(86_400_000)), []);
    rig.input({ type: "wake" });
    assert.deepEqual(rig.openings(), []);
  }
});

test("after a connection that was lost by everybody, the first attempt is spread over the server's window", () => {
  for (const [random, after] of [
    [0, 0],
    [0.5, 4_000],
    [0.75, 6_000],
  ]) {
    const rig = new Rig().connect([A], { retry_window_ms: 8_000 });
    rig.live(60_000);
    rig.random = random ?? 0;
    rig.closed(1006);
    assert.equal(rig.due("retry:websocket"), after);
  }
});

test("after a goodbye the client stays away as long as it says, and spreads over the window", () => {
  const rig = new Rig().connect([A], { retry_window_ms: 4_000 });
  rig.say({ type: "goodbye", retry_after_ms: 1_500 });
  assert.equal(rig.connection.phase, "open");
  rig.closed(4001);
  assert.equal(rig.due("retry:websocket"), 1_500 + 2_000);
});

test("what is watched anew after a goodbye does not make the client come back earlier", () => {
  const rig = new Rig().connect([A]);
  rig.say({ type: "goodbye", retry_after_ms: 30_000 });
  rig.input({ type: "unwatch", id: A });
  rig.closed(4001);
  rig.advance(10);
  rig.watch(B);
  assert.deepEqual(rig.openings(), []);
  assert.equal(rig.connection.phase, "waiting");
  assert.deepEqual(rig.openings(rig.advance(29_990)), ["websocket"]);
});

test("a goodbye on a WebSocket that polling takes over from holds for the next trial too", () => {
  const rig = new Rig().connect([A]);
  rig.closed();
  rig.advance(5_000);
  rig.greet();
  rig.say({ type: "goodbye", retry_after_ms: 30_000 });
  rig.closed();
  assert.deepEqual(rig.openings(), ["polling"]);
  assert.equal(rig.due("retry:websocket"), 30_000);
});

test("a goodbye counts once", () => {
  const rig = new Rig().connect([A], { retry_window_ms: 1_000 });
  rig.say({ type: "goodbye", retry_after_ms: 60_000 });
  rig.closed(4001);
  rig.advance(61_000);
  rig.greet({ retry_window_ms: 1_000 });
  rig.live(YOUNG_MS);
  rig.closed(1006);
  assert.equal(rig.due("retry:websocket"), 500);
});

test("while polling works, the WebSocket is tried at growing intervals", () => {
  const rig = new Rig().poll(A);
  const intervals = [1, 2, 3, 4, 5, 6, 7, 8].map(() => {
    const interval = rig.due("retry:websocket") ?? 0;
    assert.deepEqual(rig.openings(rig.advance(interval)), ["websocket"]);
    rig.closed();
    assert.equal(rig.connection.phase, "open");
    return interval;
  });
  assert.deepEqual(intervals, [7_500, 15_000, 30_000, 60_000, 120_000, 225_000, 225_000, 225_000]);
});

test("after a WebSocket that lived long, trials start again at the shortest interval", () => {
  const rig = new Rig().poll(A);
  rig.advance(7_500);
  rig.closed();
  rig.advance(15_000);
  rig.greet();
  rig.live(YOUNG_MS);
  rig.closed();
  rig.advance(rig.due("retry:websocket") ?? 0);
  rig.closed();
  assert.equal(rig.due("retry:websocket"), 7_500);
});

test("a trial beside polling may take its time", () => {
  const rig = new Rig().poll(A);
  rig.advance(7_500);
  assert.equal(rig.due("opening"), TRIAL_OPENING_MS);
});

test("when a trial works the WebSocket takes over with what was seen, and polling ends", () => {
  const rig = new Rig().poll(A, B);
  rig.tell(job(A, 7), "polling");
  rig.advance(7_500);
  const polling = rig.links.polling;
  const effects = rig.greet();
  assert.deepEqual(subscriptions(rig.sent(effects)), { [A]: 7, [B]: 0 });
  assert.ok(effects.some((effect) => effect.type === "drop" && effect.link === polling));
  assert.deepEqual(rig.connection, { phase: "open", transport: "websocket", lostAt: null });
});

test("a WebSocket that took over and dies young again gives way to polling at once", () => {
  const rig = new Rig().connect([A]);
  rig.closed();
  rig.advance(5_000);
  rig.greet();
  rig.closed();
  rig.opened("polling");
  rig.say({ type: "ping" }, "polling");
  rig.advance(rig.due("retry:websocket") ?? 0);
  rig.greet();
  assert.equal(rig.connection.transport, "websocket");
  rig.closed();
  assert.deepEqual(rig.openings(), ["polling"]);
});

test("polling that fails is tried again with full jitter up to 20 s", () => {
  const rig = new Rig().poll(A);
  rig.timers.delete("retry:websocket");
  const pauses = [1, 2, 3, 4, 5, 6, 7].map(() => {
    rig.closed(1006, "polling");
    assert.equal(rig.connection.phase, "waiting");
    const pause = rig.due("retry:polling") ?? 0;
    assert.deepEqual(rig.openings(rig.advance(pause)), ["polling"]);
    rig.opened("polling");
    return pause;
  });
  assert.deepEqual(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 10_000]);
});

test("polling is connected when it was answered, not when it starts", () => {
  const rig = new Rig();
  rig.watch(A);
  rig.closed();
  rig.opened("polling");
  assert.equal(rig.connection.phase, "connecting");
  rig.say({ type: "ping" }, "polling");
  assert.equal(rig.connection.phase, "open");
});

test("when polling comes back after an outage, the WebSocket is tried at once", () => {
  const rig = new Rig().poll(A);
  rig.closed(1006, "polling");
  rig.advance(250);
  rig.opened("polling");
  assert.deepEqual(rig.openings(rig.say({ type: "ping" }, "polling")), ["websocket"]);
});

test("news of a connection that was given up is none", () => {
  const rig = new Rig().connect([A]);
  const old = rig.links.websocket;
  rig.closed();
  rig.advance(5_000);
  rig.greet();
  rig.input({ type: "message", link: old, message: { type: "job", job: job(A, 9) } });
  rig.input({ type: "closed", link: old, code: 4501 });
  assert.equal(rig.job(A), null);
  assert.equal(rig.connection.phase, "open");
});
