/** @import { JobState } from "./types.js" */
/** @import { MachineState, TransportName, Turn } from "./turn.js" */

import { dropLeg, openLeg } from "./legs.js";
import { expectAnswer } from "./liveness.js";
import { versionOf } from "./records.js";
import { COUNTED_MS, schedule, send } from "./turn.js";

/** Ids per message, which keeps a frame under 16 KiB. */
export const BATCH = 200;
/** Messages per 10 s to a WebSocket; the server allows 20, and pings need some. */
export const BUDGET = 15;
/** `subscribed` follows a subscription; when nothing does, the socket is asked. */
const ANSWER_MS = 10_000;

/**
 * @param {Turn} turn
 * @param {JobState} state What is shown of it already.
 */
export function watch(turn, state) {
  turn.state.jobs.set(state.id, { state, live: false, told: 0, floor: 0, held: null, refused: false });
  renew(turn, state.id);
}

/**
 * @param {Turn} turn
 * @param {string} id
 */
export function unwatch(turn, id) {
  turn.state.jobs.delete(id);
  schedule(turn, "flush", 0);
}

/**
 * Brings what is subscribed in line with what is watched: as many jobs as it takes on the WebSocket, the rest by
 * polling.
 *
 * @param {Turn} turn
 */
export function flush(turn) {
  const wanted = assign(turn.state);
  arrangePolling(turn, wanted.polling.size > 0);
  const { websocket, polling } = turn.state;
  if (websocket.phase === "open") align(turn, "websocket", wanted.websocket);
  if (polling.phase === "open" || polling.phase === "greeting") align(turn, "polling", wanted.polling);
}

/**
 * Subscribes it again: what came while nobody watched was not kept.
 *
 * @param {Turn} turn
 * @param {string} id
 */
export function renew(turn, id) {
  turn.state.websocket.ids.delete(id);
  turn.state.polling.ids.delete(id);
  schedule(turn, "flush", 0);
}

/**
 * @param {MachineState} state
 * @returns {Record<TransportName, Set<string>>}
 */
function assign(state) {
  const wanted = { websocket: new Set(), polling: new Set() };
  const open = state.websocket.phase === "open";
  for (const [id, { refused }] of state.jobs) {
    if (open && !refused && wanted.websocket.size < state.maxJobs) wanted.websocket.add(id);
    else if (open || state.active === "polling" || state.polling.ids.has(id)) wanted.polling.add(id);
  }
  return wanted;
}

/**
 * @param {Turn} turn
 * @param {boolean} needed
 */
function arrangePolling(turn, needed) {
  const { active, polling } = turn.state;
  if (needed && polling.phase === "off") openLeg(turn, "polling");
  if (!needed && active === "websocket" && polling.phase !== "off") dropLeg(turn, "polling");
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {Set<string>} wanted
 */
function align(turn, name, wanted) {
  const leg = turn.state[name];
  const gone = [...leg.ids].filter((id) => !wanted.has(id));
  const added = [...wanted].filter((id) => !leg.ids.has(id));
  const done =
    inBatches(gone, (ids) => unsubscribe(turn, name, ids)) && inBatches(added, (ids) => subscribe(turn, name, ids));
  const [oldest = turn.now] = counted(turn, name);
  if (done) leg.resuming = false;
  else schedule(turn, "flush", oldest + COUNTED_MS - turn.now);
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {string[]} ids
 */
function unsubscribe(turn, name, ids) {
  if (counted(turn, name).length >= BUDGET) return false;
  for (const id of ids) turn.state[name].ids.delete(id);
  send(turn, name, { type: "unsubscribe", jobs: ids });
  return true;
}

/**
 * On a socket that had other subscriptions before, an event of one of them may still be on its way and be taken for the
 * snapshot; asking for version 0 makes sure that the snapshot itself follows.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {string[]} ids
 */
function subscribe(turn, name, ids) {
  if (counted(turn, name).length >= BUDGET) return false;
  const { state } = turn;
  const leg = state[name];
  const exact = leg.resuming || name === "polling";
  /** @type {Record<string, number>} */
  const versions = {};
  for (const id of ids) {
    const watched = state.jobs.get(id);
    if (!watched) continue;
    leg.ids.add(id);
    const floor = versionOf(watched.state);
    versions[id] = exact ? floor : 0;
    state.jobs.set(id, { ...watched, live: false, told: versions[id], floor, held: null });
  }
  send(turn, name, { type: "subscribe", jobs: versions });
  if (name === "websocket") expectAnswer(turn, ANSWER_MS);
  return true;
}

/**
 * When those messages were sent that the server still counts. It counts none of polling.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
function counted({ state, now }, name) {
  return name === "polling" ? [] : state.websocket.sentAt.filter((at) => at > now - COUNTED_MS);
}

/**
 * Hands `ids` on in batches, and ends early, with false, when `take` takes no more.
 *
 * @param {string[]} ids
 * @param {(ids: string[]) => boolean} take
 */
function inBatches(ids, take) {
  for (let at = 0; at < ids.length; at += BATCH) {
    if (!take(ids.slice(at, at + BATCH))) return false;
  }
  return true;
}
