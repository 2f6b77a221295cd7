/** @import { Hello } from "./types.js" */
/** @import { TransportName, Turn } from "./turn.js" */

import { openLeg, openWebSocket } from "./legs.js";
import { schedule, send, unschedule } from "./turn.js";

/** A pong that is not here by then will not come. */
export const PONG_MS = 5_000;
/** A socket that spoke so recently needs no ping to be trusted. */
const TRUSTED_MS = 1_000;
/** Beyond one and a half intervals, for pings that come late. */
const SILENCE_SLACK_MS = 2_500;

/**
 * The WebSocket works: it carries the jobs from here on.
 *
 * @param {Turn} turn
 * @param {Hello} hello
 */
export function greeted(turn, hello) {
  const { state, now } = turn;
  state.pingIntervalMs = hello.ping_interval_ms;
  state.retryWindowMs = hello.retry_window_ms;
  state.maxJobs = hello.max_jobs;
  state.comeBackAt = null;
  state.active = "websocket";
  state.websocket.phase = "open";
  state.websocket.openedAt = now;
  for (const [id, watch] of state.jobs) state.jobs.set(id, { ...watch, refused: false });
  unschedule(turn, "opening");
  heard(turn, "websocket");
  state.websocket.proved = false;
  schedule(turn, "silence", state.websocket.quietUntil - now);
  turn.flush = true;
}

/**
 * Something came, whatever it is.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
export function heard(turn, name) {
  const { state, now } = turn;
  const leg = state[name];
  if (name === "polling" && leg.phase === "greeting") provePolling(turn);
  if (leg.asked) unschedule(turn, "pong");
  leg.asked = false;
  leg.proved = true;
  leg.heardAt = now;
  leg.quietUntil = now + 1.5 * state.pingIntervalMs + SILENCE_SLACK_MS;
}

/** @param {Turn} turn */
function provePolling(turn) {
  const { polling, usable, websocket } = turn.state;
  const wasLost = polling.attempt > 0;
  polling.phase = "open";
  polling.attempt = 0;
  // What had cut off polling may be all that kept the WebSocket from working.
  if (wasLost && usable && websocket.phase === "off") openWebSocket(turn);
}

/**
 * An answer is due: a WebSocket that stays silent now is asked sooner.
 *
 * @param {Turn} turn
 * @param {number} within
 */
export function expectAnswer(turn, within) {
  const { websocket } = turn.state;
  websocket.quietUntil = Math.min(websocket.quietUntil, turn.now + within);
  schedule(turn, "silence", websocket.quietUntil - turn.now);
}

/** @param {Turn} turn */
export function checkSilence(turn) {
  const { phase, quietUntil } = turn.state.websocket;
  if (phase !== "open") return;
  if (turn.now >= quietUntil) ask(turn);
  else schedule(turn, "silence", quietUntil - turn.now);
}

/**
 * Is anybody there? Without an answer the WebSocket is given up.
 *
 * @param {Turn} turn
 */
function ask(turn) {
  const { websocket } = turn.state;
  if (websocket.asked) return;
  websocket.asked = true;
  send(turn, "websocket", { type: "ping" });
  schedule(turn, "pong", PONG_MS);
  schedule(turn, "silence", PONG_MS);
}

/**
 * The page is looked at again: nothing is trusted without a word from it, and nothing waits for longer than the
 * server asked for.
 *
 * @param {Turn} turn
 */
export function wake(turn) {
  const { state, now } = turn;
  if (state.jobs.size === 0) return;
  const { websocket, polling, usable } = state;
  if (websocket.phase === "open" && now - websocket.heardAt >= TRUSTED_MS) ask(turn);
  if (usable && (websocket.phase === "waiting" || websocket.phase === "off")) openWebSocket(turn);
  if (polling.phase === "waiting") openLeg(turn, "polling");
  if (polling.phase === "open") send(turn, "polling", { type: "ping" });
}
