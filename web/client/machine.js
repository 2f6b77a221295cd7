/** @import { ConnectionState, ServerMessage } from "./types.js" */
/** @import { Context, Effect, Input, LegPhase, MachineState, TimerName, TransportName, Turn } from "./turn.js" */

import { CloseCode } from "./codes.js";
import { dropLeg, lost, openLeg, opened, start } from "./legs.js";
import { checkSilence, greeted, heard, wake } from "./liveness.js";
import { receive, record } from "./news.js";
import { flush, unwatch, watch } from "./subscriptions.js";
import { begin, initialState, legOf, schedule, unschedule } from "./turn.js";

export { initialState };

/** A WebSocket that carries nothing is kept that long. */
export const IDLE_MS = 20_000;

/** @type {Readonly<Record<LegPhase, ConnectionState["phase"]>>} */
const PHASES = { off: "idle", opening: "connecting", greeting: "connecting", open: "open", waiting: "waiting" };

/**
 * The whole life of a client's connection, without a socket or a clock: what happened and what time it is go in, the
 * next state and what is to be done about it come out. Nothing that goes in is changed.
 *
 * @param {MachineState} state
 * @param {Input} input
 * @param {Context} context
 * @returns {{state: MachineState, effects: Effect[]}}
 */
export function step(state, input, context) {
  if (state.ended) return { state, effects: [] };
  const turn = begin(state, context);
  apply(turn, input);
  if (turn.flush) flush(turn);
  restWhenIdle(turn);
  turn.state.lostAt = lostAt(turn);
  return { state: turn.state, effects: turn.effects };
}

/**
 * What a page is told about the connection.
 *
 * @param {MachineState} state
 * @returns {ConnectionState}
 */
export function connectionOf(state) {
  const phase = state.ended ? "closed" : PHASES[state[state.active].phase];
  return Object.freeze({ phase, transport: state.active, lostAt: state.lostAt });
}

/**
 * @param {Turn} turn
 * @param {Input} input
 */
function apply(turn, input) {
  const { state } = turn;
  switch (input.type) {
    case "watch":
      watch(turn, input.state);
      if (state.jobs.size === 1) start(turn);
      break;
    case "unwatch":
      unwatch(turn, input.id);
      if (state.jobs.size === 0) schedule(turn, "idle", IDLE_MS);
      break;
    case "record":
      record(turn, input.job);
      break;
    case "wake":
      wake(turn);
      break;
    case "close":
      close(turn);
      break;
    case "timer":
      elapsed(turn, input.timer);
      break;
    default:
      concerning(turn, input);
  }
}

/**
 * News of a connection; of one that was given up, they are no news.
 *
 * @param {Turn} turn
 * @param {Extract<Input, {link: number}>} input
 */
function concerning(turn, input) {
  const name = legOf(turn.state, input.link);
  if (name === null) return;
  if (input.type === "opened") opened(turn, name);
  if (input.type === "closed") lost(turn, name, input.code);
  if (input.type === "message") said(turn, name, input.message);
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {ServerMessage} message
 */
function said(turn, name, message) {
  if (name === "websocket" && turn.state.websocket.phase !== "open") {
    if (message.type === "hello") greeted(turn, message);
    return;
  }
  heard(turn, name);
  if (message.type === "goodbye") turn.state.comeBackAt = turn.now + message.retry_after_ms;
  receive(turn, name, message);
}

/**
 * @param {Turn} turn
 * @param {TimerName} timer
 */
function elapsed(turn, timer) {
  const { websocket, polling, jobs } = turn.state;
  switch (timer) {
    case "flush":
      turn.flush = true;
      break;
    case "silence":
      checkSilence(turn);
      break;
    case "pong":
    case "opening":
      lost(turn, "websocket", CloseCode.SILENT);
      break;
    case "retry:websocket":
      if (websocket.phase === "off" || websocket.phase === "waiting") openLeg(turn, "websocket");
      break;
    case "retry:polling":
      if (polling.phase === "waiting") openLeg(turn, "polling");
      break;
    case "idle":
      if (jobs.size === 0) dropLeg(turn, "websocket");
  }
}

/**
 * Nothing is watched: an open WebSocket may be needed again soon, everything else ends.
 *
 * @param {Turn} turn
 */
function restWhenIdle(turn) {
  const { websocket, polling, jobs } = turn.state;
  if (jobs.size > 0) return;
  if (polling.phase !== "off") dropLeg(turn, "polling");
  if (websocket.phase !== "open") dropLeg(turn, "websocket");
}

/** @param {Turn} turn */
function close(turn) {
  dropLeg(turn, "websocket");
  dropLeg(turn, "polling");
  unschedule(turn, "flush");
  turn.state.jobs.clear();
  turn.state.ended = true;
}

/** @param {Turn} turn */
function lostAt({ state, now }) {
  const wanted = state.jobs.size > 0 && !state.ended;
  return wanted && state[state.active].phase !== "open" ? (state.lostAt ?? now) : null;
}
