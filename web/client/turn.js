/** @import { ClientMessage, Job, JobState, ServerMessage } from "./types.js" */

/**
 * The state of the machine, and one turn of it: a copy that may be changed, and the effects that are asked for.
 *
 * @typedef {"websocket" | "polling"} TransportName
 *
 * @typedef {"off" | "opening" | "greeting" | "open" | "waiting"} LegPhase
 *   `greeting`: it is open, but nothing was heard yet. `waiting`: for the next attempt.
 *
 * @typedef {object} Leg One of the two ways to the server.
 * @property {LegPhase} phase
 * @property {number} link The number of the connection, by which late news of an earlier one is told apart.
 * @property {number} attempt Failures since it last worked well.
 * @property {number} openedAt
 * @property {number} heardAt
 * @property {number} quietUntil Silence longer than this is suspicious.
 * @property {boolean} asked A ping waits for its answer.
 * @property {boolean} proved Something was heard after the greeting.
 * @property {boolean} resuming Nothing was subscribed on this connection yet.
 * @property {Set<string>} ids What is subscribed.
 * @property {number[]} sentAt When messages were sent, as far back as the server counts them.
 *
 * @typedef {object} Watch
 * @property {JobState} state What is shown.
 * @property {boolean} live The subscription was answered.
 * @property {number} told The version that the server told last in this subscription, or took from us as the last one.
 * @property {number} floor The version shown when it was subscribed: a snapshot below it speaks of a loss of data.
 * @property {Job | null} held Below `floor`, but maybe only late news of an earlier subscription.
 * @property {boolean} refused The server would not have it on this WebSocket; it is polled.
 *
 * @typedef {object} MachineState
 * @property {boolean} ended
 * @property {Map<string, Watch>} jobs
 * @property {Leg} websocket
 * @property {Leg} polling
 * @property {TransportName} active Which leg carries the jobs. The other may be tried, or carry what is too many.
 * @property {boolean} usable False once the server said not to use the WebSocket again.
 * @property {number} strikes WebSockets in a row that died young.
 * @property {number} trials WebSockets in a row that were tried beside polling.
 * @property {number | null} lostAt
 * @property {number | null} comeBackAt When a goodbye allows to come back.
 * @property {number} pingIntervalMs
 * @property {number} retryWindowMs
 * @property {number} maxJobs
 * @property {number} links How many connections there were.
 *
 * @typedef {"opening" | "silence" | "pong" | "idle" | "flush" | "retry:websocket" | "retry:polling"} TimerName
 *
 * @typedef {{type: "watch", state: JobState}
 *   | {type: "unwatch", id: string}
 *   | {type: "record", job: Job}
 *   | {type: "wake"}
 *   | {type: "close"}
 *   | {type: "timer", timer: TimerName}
 *   | {type: "opened", link: number}
 *   | {type: "message", link: number, message: ServerMessage}
 *   | {type: "closed", link: number, code: number}} Input
 *
 * @typedef {{type: "open", transport: TransportName, link: number}
 *   | {type: "send", link: number, message: ClientMessage}
 *   | {type: "drop", link: number}
 *   | {type: "schedule", timer: TimerName, after: number}
 *   | {type: "unschedule", timer: TimerName}
 *   | {type: "deliver", state: JobState}} Effect
 *
 * @typedef {{now: number, random: number}} Context `random` is from 0 (included) to 1 (not included).
 *
 * @typedef {Context & {state: MachineState, effects: Effect[], flush: boolean}} Turn
 */

/** How far back a server counts messages. */
export const COUNTED_MS = 10_000;

/** @returns {Leg} */
function newLeg() {
  return {
    phase: "off",
    link: 0,
    attempt: 0,
    openedAt: 0,
    heardAt: 0,
    quietUntil: 0,
    asked: false,
    proved: false,
    resuming: true,
    ids: new Set(),
    sentAt: [],
  };
}

/** @returns {MachineState} */
export function initialState() {
  return {
    ended: false,
    jobs: new Map(),
    websocket: newLeg(),
    polling: newLeg(),
    active: "websocket",
    usable: true,
    strikes: 0,
    trials: 0,
    lostAt: null,
    comeBackAt: null,
    pingIntervalMs: 25_000,
    retryWindowMs: 5_000,
    maxJobs: 256,
    links: 0,
  };
}

/**
 * @param {MachineState} state
 * @param {Context} context
 * @returns {Turn}
 */
export function begin(state, { now, random }) {
  const copy = {
    ...state,
    jobs: new Map(state.jobs),
    websocket: { ...state.websocket, ids: new Set(state.websocket.ids) },
    polling: { ...state.polling, ids: new Set(state.polling.ids) },
  };
  return { state: copy, effects: [], flush: false, now, random };
}

/**
 * A leg without a connection. What it learned from earlier ones stays.
 *
 * @param {Turn} turn
 * @param {TransportName} name
 */
export function clearLeg(turn, name) {
  turn.state[name] = { ...newLeg(), attempt: turn.state[name].attempt };
}

/**
 * The leg that has this connection, or null for one that is gone.
 *
 * @param {MachineState} state
 * @param {number} link
 * @returns {TransportName | null}
 */
export function legOf({ websocket, polling }, link) {
  if (websocket.link === link) return "websocket";
  return polling.link === link ? "polling" : null;
}

/**
 * @param {Turn} turn
 * @param {TimerName} timer
 * @param {number} after
 */
export function schedule(turn, timer, after) {
  turn.effects.push({ type: "schedule", timer, after: Math.max(0, after) });
}

/**
 * @param {Turn} turn
 * @param {...TimerName} timers
 */
export function unschedule(turn, ...timers) {
  for (const timer of timers) turn.effects.push({ type: "unschedule", timer });
}

/**
 * @param {Turn} turn
 * @param {TransportName} name
 * @param {ClientMessage} message
 */
export function send(turn, name, message) {
  const leg = turn.state[name];
  leg.sentAt = [...leg.sentAt.filter((at) => at > turn.now - COUNTED_MS), turn.now];
  turn.effects.push({ type: "send", link: leg.link, message });
}
