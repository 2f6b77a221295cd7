/** What a portrait's place shows, derived from what is known of its job. Pure. */

/** @import { JobState, Job } from "../client/types.js" */
/** @import { Wait } from "./wait.js" */
/** @import { Words } from "./words.js" */
import { queueWords, timeLeftWords } from "./words.js";

/** @typedef {"loading" | "queued" | "processing" | "succeeded" | "failed" | "canceled" | "expired"} PortraitState */

/** @typedef {"retry" | "change" | "repaint" | "reload"} Action */

/**
 * @typedef {object} View
 * @property {PortraitState} state
 * @property {boolean} waiting              the picture is still to come
 * @property {string | null} line           what is going on
 * @property {string | null} detail         the stage, the place in the queue, or the reason of a failure
 * @property {string | null} timeLeft
 * @property {string | null} note
 * @property {string | null} connection     that the connection is being sought
 * @property {number | null} percent        null while nothing is measured
 * @property {string | null} preview        a data URI
 * @property {number} coarseness            how unfinished the preview is: 1 at first, 0 when it may be seen sharp
 * @property {string | null} picture        the finished picture's address, as the server gave it
 * @property {Action | null} action         what the button does
 */

/**
 * @typedef {object} Situation
 * @property {JobState} state
 * @property {Readonly<Wait>} wait
 * @property {number | null} lostAt         since when there is no connection
 * @property {number} now
 */

export const LONG_MS = 120_000;
export const RECONNECTING_MS = 3_000;
/** A portrait's id is shown before its job is submitted, so «unknown» is believed only after this time. */
export const UNKNOWN_MS = 20_000;

const SHARP_AT = 0.7;

/** @type {Readonly<View>} */
const nothing = Object.freeze({
  state: "loading",
  waiting: true,
  line: null,
  detail: null,
  timeLeft: null,
  note: null,
  connection: null,
  percent: null,
  preview: null,
  coarseness: 0,
  picture: null,
  action: null,
});

/**
 * @param {Situation} situation
 * @param {Words} words
 * @returns {View}
 */
export function viewOf(situation, words) {
  const { state, wait, now } = situation;
  const gone = state.phase === "expired" || (wait.unknownSince !== null && now - wait.unknownSince >= UNKNOWN_MS);
  if (gone) return { ...nothing, state: "expired", waiting: false, line: words.expired, action: "repaint" };
  const connection = connectionLine(situation, words);
  if (state.phase === "unknown") return { ...nothing, connection, line: words.generating };
  if (state.phase !== "known" || state.job === null) return { ...nothing, connection };
  return state.job.status === "queued" || state.job.status === "processing"
    ? { ...waitingView(state.job, situation, words), connection }
    : finalView(state.job, words);
}

/**
 * @param {Pick<Situation, "lostAt" | "now">} situation
 * @param {Pick<Words, "reconnecting">} words
 */
export function connectionLine({ lostAt, now }, words) {
  return lostAt !== null && now - lostAt >= RECONNECTING_MS ? words.reconnecting : null;
}

/**
 * @param {Job} job
 * @param {Situation} situation
 * @param {Words} words
 * @returns {View}
 */
function waitingView(job, { wait, now }, words) {
  const queued = job.status === "queued";
  // What has not even begun does not come any moment.
  const known = wait.endsAt !== null && !(queued && wait.endsAt <= now);
  const timeLeft = known ? timeLeftWords(wait.endsAt - now, words) : null;
  const long = wait.since !== null && now - wait.since >= LONG_MS;
  return {
    ...nothing,
    state: queued ? "queued" : "processing",
    line: words.generating,
    detail: queued && job.queue_position !== null ? queueWords(job.queue_position, words) : job.stage,
    timeLeft,
    note: long ? words.long : wait.endsAt === null && !queued ? words.usual : null,
    percent: queued ? null : Math.floor(job.progress * 100),
    preview: job.preview,
    coarseness: Math.max(0, 1 - job.progress / SHARP_AT),
  };
}

/**
 * @param {Job} job
 * @param {Words} words
 * @returns {View}
 */
function finalView(job, words) {
  if (job.status === "failed") {
    const action = job.error?.retryable === false ? "change" : "retry";
    return { ...nothing, state: "failed", waiting: false, line: words.failed, detail: job.error?.message ?? null, action };
  }
  if (job.status === "canceled") {
    return { ...nothing, state: "canceled", waiting: false, line: words.stopped, action: "retry" };
  }
  return { ...nothing, state: "succeeded", waiting: false, percent: 100, picture: pictureUrl(job) };
}

/**
 * The picture that stands for what the job has made: of a video its poster.
 *
 * @param {Job} job
 */
export function pictureUrl({ result }) {
  if (result?.content_type?.startsWith("video/")) return result.poster ?? null;
  return result?.url ?? null;
}
