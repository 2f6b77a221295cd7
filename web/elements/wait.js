/**
 * What must be remembered between two states of a job to speak honestly about the waiting: since when, until when,
 * and how far this device's clock is from the server's. Pure; all times are milliseconds of this device's clock.
 */

/** @import { JobState } from "../client/types.js" */

/**
 * @typedef {object} Wait
 * @property {number} version           the newest version seen, 0 before the first
 * @property {number | null} skew       how far this clock is ahead of the server's; null while nothing tells
 * @property {number | null} since      when this waiting began; null when nobody waits
 * @property {number | null} endsAt     when it is shown to end; null while nothing is known
 * @property {number | null} unknownSince
 */

/** @type {Readonly<Wait>} */
export const noWait = Object.freeze({ version: 0, skew: null, since: null, endsAt: null, unknownSince: null });

const STEADY_MS = 3_000;
const STEADY_SHARE = 0.2;

/**
 * The waiting after this state of the job was seen.
 *
 * @param {Readonly<Wait>} wait
 * @param {JobState} state
 * @param {number} now
 * @returns {Wait}
 */
export function follow(wait, { phase, job }, now) {
  const unknownSince = phase === "unknown" ? (wait.unknownSince ?? now) : null;
  if (phase !== "known" || job === null) return { ...wait, since: null, endsAt: null, unknownSince };
  const skew = skewAfter(wait, job.version, now);
  const version = Math.max(wait.version, job.version);
  if (job.status !== "queued" && job.status !== "processing") {
    return { version, skew, since: null, endsAt: null, unknownSince };
  }
  const local = (/** @type {string} */ time) => Date.parse(time) + (skew ?? 0);
  const since = wait.since ?? Math.min(now, begun(job, local) ?? now);
  const endsAt = job.expected_at === null ? null : steady(wait.endsAt, local(job.expected_at), now);
  return { version, skew, since, endsAt, unknownSince };
}

/**
 * A version is the server's clock in microseconds. One from the future proves that this clock is behind; one that
 * arrived live is as old as its way here, so the youngest seen tells how far this clock is ahead.
 *
 * @param {Readonly<Wait>} wait
 * @param {number} version
 * @param {number} now
 */
function skewAfter(wait, version, now) {
  if (version <= wait.version) return wait.skew;
  const age = now - version / 1000;
  const live = wait.version > 0;
  if (!live && age >= 0) return wait.skew;
  return wait.skew === null ? age : Math.min(wait.skew, age);
}

/**
 * When the waiting for this run began. A retry starts a new waiting, though the job is old.
 *
 * @param {import("../client/types.js").Job} job
 * @param {(time: string) => number} local
 */
function begun(job, local) {
  if (job.status === "processing" && job.attempt > 1) return job.started_at === null ? null : local(job.started_at);
  if (job.status === "queued" && job.attempt > 0) return null;
  return local(job.created_at);
}

/**
 * A new estimate counts only when it is plainly another, so that what is shown does not jump to and fro.
 *
 * @param {number | null} shown
 * @param {number} estimate
 * @param {number} now
 */
function steady(shown, estimate, now) {
  if (shown === null) return estimate;
  const tolerance = Math.max(STEADY_MS, STEADY_SHARE * (shown - now));
  return Math.abs(estimate - shown) <= tolerance ? shown : estimate;
}
