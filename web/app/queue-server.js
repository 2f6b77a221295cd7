/** @import { Answer } from "../client/http.js" */
import { LimnerError } from "../client/errors.js";
import { Http } from "../client/http.js";
import { isObject, parseJson } from "../client/messages.js";

/**
 * What `GET /operator/queue` answers. All times are RFC 3339 in UTC.
 *
 * @typedef {object} KindRow
 * @property {string} kind
 * @property {string | null} provider
 * @property {number} waiting
 * @property {number} running
 * @property {number} failed
 * @property {string | null} waits_since
 * @property {{p50: number, p90: number} | null} seconds  how long such jobs took lately
 *
 * @typedef {object} ListedJob
 * @property {string} id
 * @property {string} kind
 * @property {string | null} provider
 * @property {string} owner
 * @property {number} attempt
 * @property {string} created_at
 * @property {string | null} queued_at
 * @property {string | null} started_at
 * @property {string | null} finished_at
 * @property {number | null} queue_position
 * @property {number} progress
 * @property {string | null} stage
 * @property {string | null} worker
 * @property {string | null} lease_until
 * @property {{code: string, message: string, retryable: boolean} | null} error
 *
 * @typedef {object} ListedWorker
 * @property {string} name
 * @property {string} host
 * @property {number} pid
 * @property {string} started_at
 * @property {number} running
 * @property {Record<string, {provider: string, at_once: number}>} kinds
 * @property {{job: string, lease_until: string | null}[]} leases
 *
 * @typedef {object} ListedDelivery
 * @property {string} id
 * @property {string} job
 * @property {string} owner
 * @property {string} host
 * @property {"waiting" | "delivered" | "given_up"} state
 * @property {number} attempts
 * @property {number | null} status
 * @property {string | null} error
 * @property {string | null} next_try
 *
 * @typedef {object} QueueState
 * @property {KindRow[]} kinds
 * @property {number} delayed
 * @property {ListedJob[]} running
 * @property {ListedJob[]} waiting
 * @property {ListedJob[]} failed
 * @property {ListedWorker[]} workers
 * @property {{name: string, paused: boolean}[]} providers
 * @property {ListedDelivery[]} webhooks
 */

const CLOCK = {
  now: () => Date.now(),
  /** @param {() => void} callback @param {number} ms */
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  /** @param {unknown} handle */
  clearTimeout: (handle) => globalThis.clearTimeout(/** @type {number} */ (handle)),
};

/** The server, as the one who holds the operator's key calls it. Every call throws a LimnerError where it is refused. */
export class QueueServer {
  #http;
  /** @type {string | null} */
  #tag = null;
  /** @type {number | null} */
  #ahead = null;

  /**
   * @param {string} base
   * @param {string} key
   */
  constructor(base, key) {
    const headers = { Authorization: `Bearer ${key}` };
    this.#http = new Http({ base, headers, fetch: (url, init) => fetch(url, init), clock: CLOCK });
  }

  /** The server's clock, to the second, in ms. */
  get now() {
    return Date.now() + (this.#ahead ?? 0);
  }

  /**
   * What is there; null where that is what was answered the last time.
   *
   * @returns {Promise<QueueState | null>}
   */
  async look() {
    const headers = this.#tag === null ? {} : { "If-None-Match": this.#tag };
    const answer = await this.#http.request("/operator/queue", { headers });
    this.#hearClock(answer);
    if (answer.status === 304) return null;
    const state = accepted(answer);
    this.#tag = answer.headers.get("etag");
    return /** @type {QueueState} */ (/** @type {unknown} */ (state));
  }

  /** @param {string} id */
  cancel(id) {
    return this.#post(`/jobs/${encodeURIComponent(id)}/cancel`);
  }

  /** @param {string} id */
  retry(id) {
    return this.#post(`/jobs/${encodeURIComponent(id)}/retry`);
  }

  retryAll() {
    return this.#post("/jobs/retry", { all: true });
  }

  /**
   * @param {string} provider
   * @param {boolean} paused
   */
  pause(provider, paused) {
    return this.#post(`/operator/providers/${encodeURIComponent(provider)}/${paused ? "pause" : "resume"}`);
  }

  /** @param {string} delivery */
  again(delivery) {
    return this.#post(`/operator/webhooks/${encodeURIComponent(delivery)}/again`);
  }

  /**
   * @param {string} path
   * @param {unknown} [body]
   */
  async #post(path, body) {
    return accepted(await this.#http.request(path, { method: "POST", body }));
  }

  /** @param {Answer} answer */
  #hearClock(answer) {
    const date = Date.parse(answer.headers.get("date") ?? "");
    if (this.#ahead === null && !Number.isNaN(date)) this.#ahead = date - Date.now();
  }
}

/**
 * The object that was answered.
 *
 * @param {Answer} answer
 */
function accepted(answer) {
  const body = parseJson(answer.text);
  if (answer.status < 200 || answer.status > 299 || !isObject(body)) throw LimnerError.from(answer, Date.now());
  return body;
}
