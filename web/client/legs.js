/** @import { Leg, TransportName, Turn } from "./turn.js" */

import { backoff, growingInterval } from "./backoff.js";
import { CloseCode, isDeliberate, mayReconnect } from "./codes.js";
import { clearLeg, schedule, unschedule } from "./turn.js";

/** A WebSocket that is not open by then, or says no `hello` by then, is taken for blocked. */
export const OPENING_MS = 5_000;
/** As long as nobody waits for it, because polling works, it may take its time. */
export const TRIAL_OPENING_MS = 20_000;
/** A WebSocket that dies before that age dies young. */
export const YOUNG_MS = 10_000;
/** So many young deaths in a row, and polling takes over. */
export const STRIKES = 2;
/** Between two trials of the WebSocket beside polling. */
export const TRIAL = Object.freeze({ base: 10_000, cap: 300_000 });

/**
 * Something is to be watched: connects, unless that is under way.
 *
 * @param {Turn} turn
 */
export function start(turn) {
  const { active, usable, websocket, polling } = turn.state;
  unschedule(turn, "idle");
  if (usable && websocket.phase === "off") openWebSocket(turn);
  if (active === "polling" && polling.phase === "off") openLeg(turn, "polling");
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 */
export function openLeg(turn, name) {
  const { state } = turn;
  clearLeg(turn, name);
  const leg = state[name];
  leg.phase = "opening";
  leg.link = state.links += 1;
  unschedule(turn, `retry:${name}`);
  turn.effects.push({ type: "open", transport: name, link: leg.link });
  if (name === "websocket") schedule(turn, "opening", openingLimit(turn));
}

/**
 * Opens the WebSocket, or has it wait while a goodbye still keeps it away.
 *
 * @param {Turn} turn
 */
export function openWebSocket(turn) {
  const away = timeAway(turn);
  if (away === 0) return openLeg(turn, "websocket");
  turn.state.websocket.phase = "waiting";
  schedule(turn, "retry:websocket", away);
}

/**
 * Ends a leg that is not needed, or not trusted, any more.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
export function dropLeg(turn, name) {
  const { link } = turn.state[name];
  if (link) turn.effects.push({ type: "drop", link });
  unschedule(turn, `retry:${name}`);
  if (name === "websocket") unschedule(turn, "opening", "silence", "pong", "idle");
  clearLeg(turn, name);
}

/**
 * The transport is open. A WebSocket has to greet yet; polling is told what to ask for, and its first answer proves it.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
export function opened(turn, name) {
  turn.state[name].phase = "greeting";
  if (name === "websocket") schedule(turn, "opening", OPENING_MS);
  else turn.flush = true;
}

/**
 * A connection is gone.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {number} code
 */
export function lost(turn, name, code) {
  const was = turn.state[name];
  dropLeg(turn, name);
  if (name === "websocket") lostWebSocket(turn, was, code);
  else if (turn.state.jobs.size > 0) retryLater(turn, "polling", backoff(was.attempt, turn.random));
}

/**
 * @param {Turn} turn
 * @param {Leg} was
 * @param {number} code
 */
function lostWebSocket(turn, was, code) {
  const { state } = turn;
  const worked = was.phase === "open";
  if (worked) judge(turn, was, code);
  if (!mayReconnect(code)) state.usable = false;
  if (state.jobs.size === 0) return;
  const blocked = !state.usable || !worked || state.strikes >= STRIKES;
  if (blocked || state.active === "polling") fallBack(turn);
  else retryLater(turn, "websocket", pause(turn, code));
}

/**
 * What the life of a WebSocket says about the next one.
 *
 * @param {Turn} turn
 * @param {Leg} was
 * @param {number} code
 */
function judge(turn, was, code) {
  const { state, now } = turn;
  const young = now - was.openedAt < YOUNG_MS;
  const dumb = code === CloseCode.SILENT && !was.proved;
  if (dumb || (young && !isDeliberate(code))) state.strikes += 1;
  if (young || dumb) return;
  state.strikes = 0;
  state.trials = 0;
  state.websocket.attempt = 0;
}

/** @param {Turn} turn */
function fallBack(turn) {
  const { state } = turn;
  state.active = "polling";
  turn.flush = true;
  if (state.polling.phase === "off") openLeg(turn, "polling");
  if (!state.usable) return;
  const interval = growingInterval(state.trials, turn.random, TRIAL);
  schedule(turn, "retry:websocket", Math.max(interval, timeAway(turn)));
  state.trials += 1;
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {number} after
 */
function retryLater(turn, name, after) {
  const leg = turn.state[name];
  leg.phase = "waiting";
  leg.attempt += 1;
  schedule(turn, `retry:${name}`, after);
}

/**
 * How long to stay away. Where the server may have lost everybody at once, the first attempts spread over its window.
 *
 * @param {Turn} turn
 * @param {number} code
 */
function pause(turn, code) {
  const { state, random } = turn;
  const { comeBackAt, retryWindowMs, websocket } = state;
  if (comeBackAt !== null) return timeAway(turn) + Math.floor(random * retryWindowMs);
  const crowd = !isDeliberate(code) || code === CloseCode.DRAIN;
  if (crowd && websocket.attempt === 0) return Math.floor(random * retryWindowMs);
  return backoff(websocket.attempt, random);
}

/**
 * What is left of the time that a goodbye asked for.
 *
 * @param {Turn} turn
 */
function timeAway({ state, now }) {
  return Math.max(0, (state.comeBackAt ?? 0) - now);
}

/** @param {Turn} turn */
function openingLimit({ state }) {
  return state.active === "polling" ? TRIAL_OPENING_MS : OPENING_MS;
}
