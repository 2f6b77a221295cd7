/** @import { Job, Left, Retried } from "./types.js" */
/** @import { Http } from "./http.js" */

import { LimnerError } from "./errors.js";
import { isObject, parseJson } from "./messages.js";
import { isJob } from "./records.js";

/** @typedef {{method?: string, body?: unknown, signal?: AbortSignal | undefined}} Call */

/**
 * A call that answers with a job. Throws a LimnerError for every other answer.
 *
 * @param {Http} http
 * @param {string} path
 * @param {Call} call
 * @returns {Promise<Job>}
 */
export async function callForJob(http, path, call) {
  const { status, value } = await answerOf(http, path, call);
  if (!isJob(value)) throw new LimnerError({ status, title: "The answer is not a job." });
  return value;
}

/**
 * A call that answers with jobs. Throws a LimnerError for every other answer.
 *
 * @param {Http} http
 * @param {string} path
 * @param {Call} call
 * @returns {Promise<Job[]>}
 */
export async function callForJobs(http, path, call) {
  const { status, value } = await answerOf(http, path, call);
  const jobs = isObject(value) ? value["jobs"] : null;
  if (!Array.isArray(jobs)) throw new LimnerError({ status, title: "The answer is no list of jobs." });
  return jobs.filter(isJob);
}

/**
 * A call that tries several jobs again. Throws a LimnerError for every answer that does not say which.
 *
 * @param {Http} http
 * @param {string} path
 * @param {Call} call
 * @returns {Promise<Retried>}
 */
export async function callForRetried(http, path, call) {
  const { status, value } = await answerOf(http, path, call);
  const { retried, left } = isObject(value) ? value : {};
  if (!Array.isArray(retried)) throw new LimnerError({ status, title: "The answer does not say what was tried again." });
  return { retried: retried.map(String), left: Array.isArray(left) ? left.filter(isObject).map(leftOf) : [] };
}

/**
 * @param {Record<string, unknown>} value
 * @returns {Left}
 */
function leftOf({ id, reason }) {
  return { id: String(id ?? ""), reason: String(reason ?? "") };
}

/**
 * @param {Http} http
 * @param {string} path
 * @param {Call} call
 */
async function answerOf(http, path, call) {
  const answer = await http.request(path, call);
  if (answer.status < 200 || answer.status > 299) throw LimnerError.from(answer, http.now);
  return { status: answer.status, value: parseJson(answer.text) };
}
