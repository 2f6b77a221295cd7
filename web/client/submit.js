/** @import { Clock, Job, JobInput } from "./types.js" */
/** @import { Http } from "./http.js" */

import { backoff } from "./backoff.js";
import { callForJob } from "./calls.js";
import { LimnerError } from "./errors.js";
import { newJobId } from "./ids.js";

/** A job that is unknown so soon after it was accepted was lost, and is submitted again. */
export const MEMORY_MS = 60_000;
/** How often one is. */
export const RESUBMISSIONS = 3;
/** Who is asked to wait longer is told so, instead of waiting in silence: a day's quota may be spent. */
export const LONGEST_WAIT_MS = 60_000;

/** @type {ReadonlyMap<string, string>} */
const PATHS = new Map([
  ["characters", "/characters"],
  ["portrait", "/portraits"],
]);

/**
 * @typedef {object} Submission
 * @property {string} path
 * @property {Record<string, unknown>} body
 * @property {number} acceptedAt
 * @property {number} left How often it may be submitted again.
 */

/** Submits jobs so that each exists once, whatever is lost on the way. */
export class Submitter {
  /** @type {Map<string, Promise<Job>>} */
  #pending = new Map();
  /** @type {Map<string, Submission>} By id, for a minute each. */
  #accepted = new Map();
  #http;
  #clock;
  #random;

  /** @param {{http: Http, clock: Clock, random: () => number}} options */
  constructor({ http, clock, random }) {
    this.#http = http;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * @param {string} kind
   * @param {JobInput} input
   * @param {AbortSignal} signal Until when it is repeated.
   * @returns {Promise<Job>}
   */
  async submit(kind, input, signal) {
    const path = PATHS.get(kind);
    if (path === undefined) throw new TypeError(`there is no kind "${kind}", only ${[...PATHS.keys()].join(", ")}`);
    const body = { id: newJobId(), ...input };
    return this.#send(body.id, { path, body, acceptedAt: 0, left: RESUBMISSIONS }, signal);
  }

  /**
   * A job is unknown. If it is on its way, that will change; if it was accepted a moment ago, it is submitted again.
   * Null where neither is so.
   *
   * @param {string} id
   * @param {AbortSignal} signal
   * @returns {Promise<Job> | null}
   */
  resubmit(id, signal) {
    const pending = this.#pending.get(id);
    if (pending) return pending;
    const submission = this.#accepted.get(id);
    this.forget(id);
    if (!submission || submission.left === 0 || this.#clock.now() - submission.acceptedAt > MEMORY_MS) return null;
    return this.#send(id, { ...submission, left: submission.left - 1 }, signal);
  }

  /**
   * The job is meant to go, or to stop.
   *
   * @param {string} id
   */
  forget(id) {
    this.#accepted.delete(id);
  }

  /**
   * @param {string} id
   * @param {Submission} submission
   * @param {AbortSignal} signal
   */
  async #send(id, submission, signal) {
    const answer = this.#persist(submission, signal);
    this.#pending.set(id, answer);
    try {
      const job = await answer;
      // Another id: the server had an active job for the same subject.
      if (job.id === id) this.#remember(id, submission);
      return job;
    } finally {
      this.#pending.delete(id);
    }
  }

  /**
   * @param {string} id
   * @param {Submission} submission
   */
  #remember(id, submission) {
    const now = this.#clock.now();
    for (const [old, { acceptedAt }] of this.#accepted) if (acceptedAt < now - MEMORY_MS) this.#accepted.delete(old);
    this.#accepted.set(id, { ...submission, acceptedAt: now });
  }

  /**
   * Repeats the same POST until it is answered; the id in it makes that one job.
   *
   * @param {Submission} submission
   * @param {AbortSignal} signal
   */
  async #persist({ path, body }, signal) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        return await callForJob(this.#http, path, { method: "POST", body, signal });
      } catch (error) {
        if (!(error instanceof LimnerError && error.temporary)) throw error;
        const asked = error.retryAfterMs ?? 0;
        if (asked > LONGEST_WAIT_MS) throw error;
        await pause(this.#clock, asked + backoff(attempt, this.#random()), signal);
      }
    }
  }
}

/**
 * @param {Clock} clock
 * @param {number} ms
 * @param {AbortSignal} signal
 * @returns {Promise<void>} Rejected with the signal's reason.
 */
function pause(clock, ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clock.clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = clock.setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
