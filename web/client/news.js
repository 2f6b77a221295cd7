/** @import { Job, JobState, ServerMessage } from "./types.js" */
/** @import { TransportName, Turn } from "./turn.js" */

import { known, missing, versionOf } from "./records.js";
import { renew } from "./subscriptions.js";

/**
 * A record that came with an answer to a call, beside the subscription.
 *
 * @param {Turn} turn
 * @param {Job} job
 */
export function record(turn, job) {
  const watched = turn.state.jobs.get(job.id);
  if (!watched || job.version <= versionOf(watched.state)) return;
  turn.state.jobs.set(job.id, { ...watched, held: null });
  show(turn, known(job));
  if (turn.state.polling.ids.has(job.id)) renew(turn, job.id);
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {ServerMessage} message
 */
export function receive(turn, name, message) {
  if (message.type === "job") receiveJob(turn, name, message.job);
  if (message.type === "unknown") receiveUnknown(turn, name, message.job, message.expired);
  if (message.type === "subscribed") for (const id of message.jobs) conclude(turn, name, id);
  if (message.type === "error" && message.code === "unavailable") doubt(turn, name);
  if (message.type === "error" && message.code !== "unavailable") refuse(turn, name);
}

/**
 * Each answer to a poll is a snapshot. On a WebSocket versions rise, but for a loss of data: what is below the version
 * told before is the state of now. What is below the version shown, which an answer to a call may have brought, may as
 * well have been on its way for long, until `subscribed` says that it is the snapshot.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {Job} job
 */
function receiveJob(turn, name, job) {
  const watched = turn.state.jobs.get(job.id);
  if (!watched || !turn.state[name].ids.has(job.id)) return;
  const shown = versionOf(watched.state);
  const lost = name === "polling" || job.version < watched.told;
  const late = !lost && job.version < Math.min(shown, watched.floor);
  turn.state.jobs.set(job.id, { ...watched, told: job.version, held: late ? job : null });
  if (job.version > shown || (lost && job.version < shown)) show(turn, known(job), true);
  else if (!late) settle(turn, name, job.id);
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {string} id
 * @param {boolean} expired
 */
function receiveUnknown(turn, name, id, expired) {
  const watched = turn.state.jobs.get(id);
  if (!watched || !turn.state[name].ids.has(id)) return;
  const state = missing(id, expired);
  turn.state.jobs.set(id, { ...watched, told: 0, held: null });
  if (watched.state.phase === state.phase) settle(turn, name, id);
  else show(turn, state, true);
}

/**
 * The snapshot of a subscription is here, and is the last thing that was told of the job.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {string} id
 */
function conclude(turn, name, id) {
  const held = turn.state[name].ids.has(id) ? turn.state.jobs.get(id)?.held : null;
  settle(turn, name, id);
  if (held) show(turn, known(held), true);
}

/**
 * @param {Turn} turn
 * @param {JobState} state
 * @param {boolean} [live] It came from the subscription.
 */
function show(turn, state, live = false) {
  const watched = turn.state.jobs.get(state.id);
  if (!watched) return;
  turn.state.jobs.set(state.id, { ...watched, state, live: watched.live || live });
  turn.effects.push({ type: "deliver", state });
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {string} id
 */
function settle(turn, name, id) {
  const watched = turn.state.jobs.get(id);
  if (watched && turn.state[name].ids.has(id)) turn.state.jobs.set(id, { ...watched, live: true, held: null });
}

/**
 * The store may come back without its last seconds. A state that only an answer to a call has told is not known to the
 * WebSocket's server as ours, so that it would not correct it: it is asked.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
function doubt(turn, name) {
  if (name === "polling") return;
  for (const id of turn.state.websocket.ids) {
    const watched = turn.state.jobs.get(id);
    if (watched && versionOf(watched.state) > Math.max(watched.told, watched.floor)) renew(turn, id);
  }
}

/**
 * The server refused a message, and does not say which: what it has not answered yet is polled.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
function refuse(turn, name) {
  if (name === "polling") return;
  for (const [id, watched] of turn.state.jobs) {
    if (turn.state.websocket.ids.has(id) && !watched.live) turn.state.jobs.set(id, { ...watched, refused: true });
  }
  turn.flush = true;
}
