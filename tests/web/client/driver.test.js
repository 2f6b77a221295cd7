import assert from "node:assert/strict";
import test from "node:test";

import { Driver } from "../../../web/client/driver.js";
import { loading } from "../../../web/client/records.js";
import { ManualClock } from "./support/clock.js";
import { A, B, job } from "./support/records.js";
import { ScriptedTransport } from "./support/scripted-transport.js";

/** @import { JobState, TransportHandlers } from "../../../web/client/types.js" */

/** @param {(driver: Driver, state: JobState) => void} [onState] */
function connect(onState, SocketTransport = ScriptedTransport) {
  const clock = new ManualClock();
  const made = { websocket: /** @type {ScriptedTransport[]} */ ([]), polling: /** @type {ScriptedTransport[]} */ ([]) };
  /** @type {JobState[]} */
  const states = [];
  /** @param {"websocket" | "polling"} name */
  const make =
    (name, Transport = ScriptedTransport) =>
    () => {
      const transport = new Transport();
      made[name].push(transport);
      return transport;
    };
  const driver = new Driver({
    clock,
    random: () => 0.5,
    transports: { websocket: make("websocket", SocketTransport), polling: make("polling") },
    deliver: (state) => {
      states.push(state);
      onState?.(driver, state);
    },
  });
  return { clock, driver, made, states };
}

test("what the machine asks for happens: connect, subscribe, deliver", () => {
  const { driver, made, states } = connect();
  driver.dispatch({ type: "watch", state: loading(A) });
  const [socket] = made.websocket;
  socket?.greet();
  socket?.handlers?.onMessage({ type: "job", job: job(A, 7) });
  assert.deepEqual(socket?.sent, [{ type: "subscribe", jobs: { [A]: 0 } }]);
  assert.deepEqual(
    states.map((state) => state.job?.version),
    [7],
  );
});

test("timers go off, and those that are not wanted any more do not", async () => {
  const { clock, driver, made } = connect();
  driver.dispatch({ type: "watch", state: loading(A) });
  await clock.advance(5_000);
  assert.deepEqual([made.websocket.length, made.polling.length, made.websocket[0]?.closed], [1, 1, true]);
  driver.dispatch({ type: "close" });
  assert.equal(clock.pending, 0);
  await clock.advance(600_000);
  assert.equal(made.websocket.length, 1);
});

test("a listener that watches another job while it is told of one does not disturb the turn", async () => {
  const { clock, driver, made, states } = connect((driver, { id }) => {
    if (id === A) driver.dispatch({ type: "watch", state: loading(B) });
  });
  driver.dispatch({ type: "watch", state: loading(A) });
  const [socket] = made.websocket;
  socket?.greet();
  socket?.handlers?.onMessage({ type: "job", job: job(A, 7) });
  await clock.advance(0);
  assert.deepEqual(socket?.sent.at(-1), { type: "subscribe", jobs: { [B]: 0 } });
  assert.equal(states.length, 1);
});

test("a listener that closes the client in the middle of a turn leaves nothing behind", () => {
  const { clock, driver, made } = connect((driver) => driver.dispatch({ type: "close" }));
  driver.dispatch({ type: "watch", state: loading(A) });
  made.websocket[0]?.handlers?.onClose(1006, "");
  made.polling[0]?.handlers?.onOpen();
  driver.dispatch({ type: "record", job: job(A, 7) });
  assert.equal(clock.pending, 0);
});

test("the connection is a store that changes only when there is something new", () => {
  const { driver, made } = connect();
  /** @type {string[]} */
  const phases = [];
  driver.connection.subscribe(({ phase }) => phases.push(phase));
  driver.dispatch({ type: "watch", state: loading(A) });
  made.websocket[0]?.greet();
  const before = driver.connection.snapshot();
  made.websocket[0]?.handlers?.onMessage({ type: "ping" });
  assert.equal(driver.connection.snapshot(), before);
  assert.deepEqual(phases, ["connecting", "open"]);
});

test("a connection that is given up is closed, and not heard any more", async () => {
  const { clock, driver, made, states } = connect();
  driver.dispatch({ type: "watch", state: loading(A) });
  const [first] = made.websocket;
  first?.greet();
  await clock.advance(15_000);
  assert.equal(first?.closed, true);
  await clock.advance(5_000);
  made.websocket[1]?.greet();
  first?.handlers?.onMessage({ type: "job", job: job(A, 7) });
  assert.deepEqual(states, []);
});

test("a transport that fails in the moment it is opened is replaced", () => {
  class Failing extends ScriptedTransport {
    /** @param {TransportHandlers} handlers @override */
    open(handlers) {
      handlers.onClose(1006, "blocked");
    }
  }
  const { driver, made } = connect(undefined, Failing);
  driver.dispatch({ type: "watch", state: loading(A) });
  assert.deepEqual([made.websocket.length, made.polling.length], [1, 1]);
});
