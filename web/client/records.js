/** @import { Job, JobState, Status } from "./types.js" */

/** @type {ReadonlySet<Status>} */
export const FINAL = new Set(/** @type {const} */ (["succeeded", "failed", "canceled"]));

/** @type {ReadonlySet<unknown>} */
const STATUSES = new Set(["queued", "processing", ...FINAL]);

/**
 * Whether nothing more will happen to the job unless a person asks for it.
 *
 * @param {Job} job
 */
export function isFinal(job) {
  return FINAL.has(job.status);
}

/**
 * Whether `value` is a record this client understands. Fields of a newer server are kept.
 *
 * @param {unknown} value
 * @returns {value is Job}
 */
export function isJob(value) {
  if (typeof value !== "object" || value === null) return false;
  const { id, kind, status, version } = /** @type {Record<string, unknown>} */ (value);
  return typeof id === "string" && typeof kind === "string" && STATUSES.has(status) && Number.isSafeInteger(version);
}

/**
 * @param {string} id
 * @returns {JobState}
 */
export function loading(id) {
  return Object.freeze({ id, phase: "loading", job: null });
}

/**
 * @param {Job} job
 * @returns {JobState}
 */
export function known(job) {
  return Object.freeze({ id: job.id, phase: "known", job: Object.freeze(job) });
}

/**
 * @param {string} id
 * @param {boolean} expired
 * @returns {JobState}
 */
export function missing(id, expired) {
  return Object.freeze({ id, phase: expired ? "expired" : "unknown", job: null });
}

/**
 * The version shown, or 0.
 *
 * @param {JobState} state
 */
export function versionOf(state) {
  return state.job?.version ?? 0;
}
