/** What is to be told of a job, once: that it waits, is being made, and how it ended. Pure. */

/** @import { Job } from "../../client/types.js" */
import { isFinal } from "../../client/index.js";

/**
 * `gone`: it ended, and nobody knows how any more.
 *
 * @typedef {"queued" | "processing" | "succeeded" | "failed" | "canceled" | "gone"} News
 *
 * @typedef {object} Entry              what this browser remembers of one of its jobs
 * @property {string} label             what people call it; empty while nobody said so
 * @property {string} set               the `characters` job that it belongs to, or empty
 * @property {News | null} told         what was told last
 * @property {number} version           of the job as it was told; a state that is no newer is no news, in any tab
 * @property {boolean} dismissed        a person has seen that end, and put it away
 * @property {number} at                when this was noted, in ms
 */

/** @type {ReadonlySet<News | null>} */
const ENDS = new Set(/** @type {const} */ (["succeeded", "failed", "canceled", "gone"]));

/**
 * What of `job` was not told yet, or null. A run that goes back to the queue is no news; one that a person asked for
 * again is.
 *
 * @param {Pick<Entry, "told" | "version">} entry
 * @param {Job} job
 * @returns {News | null}
 */
export function newsOf({ told, version }, job) {
  if (job.version <= version) return null;
  if (isFinal(job)) return job.status;
  const begins = told === null || ENDS.has(told);
  return begins || (told === "queued" && job.status === "processing") ? job.status : null;
}

/**
 * The entry after `news` was told.
 *
 * @param {Entry} entry
 * @param {News} news
 * @param {Job | null} job
 * @param {number} now
 * @returns {Entry}
 */
export function afterTelling(entry, news, job, now) {
  return { ...entry, told: news, version: job?.version ?? entry.version, dismissed: false, at: now };
}

/**
 * Whether nothing is left to say or to do about a job, unless somebody tries it again.
 *
 * @param {Pick<Entry, "told" | "dismissed">} entry
 */
export function isSettled({ told, dismissed }) {
  return ENDS.has(told) && (told !== "failed" || dismissed);
}
