/** @import { ClientMessage, Clock, Job, Transport, TransportHandlers } from "./types.js" */
/** @import { Answer, Http } from "./http.js" */

import { ABNORMAL } from "./codes.js";
import { LimnerError, retryAfter } from "./errors.js";
import { isObject, parseJson, readMissing } from "./messages.js";
import { isFinal, isJob } from "./records.js";

/** Between two questions about a job that is not finished, unless `Retry-After` says otherwise. */
export const INTERVAL_MS = 3_000;
/** The same while nobody looks at the page. */
export const HIDDEN_MS = 15_000;
/** Between two questions about a job that is finished, or does not exist. */
export const REST_MS = 30_000;
/** A job that does not exist may be about to: it is asked for often that long. */
export const HOPE_MS = 60_000;
/** Ids per request. */
export const BATCH = 100;
const RETRY_AFTER_BOUNDS = { min: 1_000, max: 60_000 };

/**
 * @typedef {object} Entry A job that is asked for.
 * @property {string} id
 * @property {number | "unknown" | "expired"} told The version of the record told last, or that there is none.
 * @property {boolean} answered
 * @property {boolean} resting
 * @property {number} hopeUntil
 * @property {number} dueAt
 */

/**
 * The fallback with the face of the WebSocket: it takes the same messages, and tells the same ones.
 *
 * @implements {Transport}
 */
export class PollingTransport {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** @type {Map<string, string>} ETags by path. */
  #etags = new Map();
  /** @type {TransportHandlers | null} */
  #handlers = null;
  /** @type {unknown} */
  #timer = null;
  #asking = false;
  #interval = INTERVAL_MS;
  #closed = new AbortController();
  #http;
  #clock;
  #isHidden;

  /** @param {{http: Http, clock: Clock, isHidden: () => boolean}} options */
  constructor({ http, clock, isHidden }) {
    this.#http = http;
    this.#clock = clock;
    this.#isHidden = isHidden;
  }

  /** @param {TransportHandlers} handlers */
  open(handlers) {
    this.#handlers = handlers;
    handlers.onOpen();
  }

  /** @param {ClientMessage} message */
  send(message) {
    if (message.type === "subscribe") this.#subscribe(message.jobs);
    if (message.type === "unsubscribe") for (const id of message.jobs) this.#entries.delete(id);
    if (message.type === "ping") for (const entry of this.#entries.values()) entry.dueAt = this.#clock.now();
    this.#plan();
  }

  close() {
    this.#handlers = null;
    this.#closed.abort();
    this.#clock.clearTimeout(this.#timer);
    this.#entries.clear();
  }

  /** @param {Record<string, number>} versions */
  #subscribe(versions) {
    const now = this.#clock.now();
    this.#etags.clear();
    for (const [id, version] of Object.entries(versions)) {
      // Always a new entry: an answer that is on its way belongs to the old one.
      this.#entries.set(id, {
        id,
        told: version,
        answered: false,
        resting: false,
        hopeUntil: now + HOPE_MS,
        dueAt: now,
      });
    }
  }

  #plan() {
    this.#clock.clearTimeout(this.#timer);
    if (this.#handlers === null || this.#asking || this.#entries.size === 0) return;
    const dueAt = Math.min(...Array.from(this.#entries.values(), (entry) => entry.dueAt));
    this.#timer = this.#clock.setTimeout(() => void this.#round(), Math.max(0, dueAt - this.#clock.now()));
  }

  /** Asks for all that is due, together with all that is unfinished: few requests, and always the same ones. */
  async #round() {
    const now = this.#clock.now();
    const entries = [...this.#entries.values()].filter((entry) => !entry.resting || entry.dueAt <= now);
    this.#asking = true;
    try {
      for (let at = 0; at < entries.length; at += BATCH) await this.#ask(entries.slice(at, at + BATCH));
    } catch (error) {
      this.#fail(error instanceof Error ? error.message : String(error));
    }
    this.#asking = false;
    this.#plan();
  }

  /** @param {Entry[]} entries */
  async #ask(entries) {
    const path = `/jobs?${entries.map(({ id }) => `id=${id}`).join("&")}`;
    const etag = this.#etags.get(path);
    const headers = etag === undefined ? {} : { "If-None-Match": etag };
    const answer = await this.#http.request(path, { headers, signal: this.#closed.signal });
    const wait = retryAfter(answer, this.#clock.now());
    if (answer.status === 429 || answer.status === 503) return this.#putOff(entries, wait);
    if (answer.status !== 200 && answer.status !== 304) throw LimnerError.from(answer, this.#clock.now());
    this.#interval = wait === null ? INTERVAL_MS : clamp(wait, RETRY_AFTER_BOUNDS);
    if (answer.status === 200) this.#read(path, entries, answer);
    this.#finish(entries);
  }

  /**
   * @param {string} path
   * @param {Entry[]} entries
   * @param {Answer} answer
   */
  #read(path, entries, answer) {
    const body = parseJson(answer.text);
    if (!isObject(body) || !Array.isArray(body["jobs"])) throw new Error("this is not Limner's answer");
    const asked = new Map(entries.map((entry) => [entry.id, entry]));
    for (const job of body["jobs"].filter(isJob)) this.#tellJob(asked.get(job.id), job);
    for (const { id, expired } of readMissing(body)) this.#tellMissing(asked.get(id), expired);
    const etag = answer.headers.get("etag");
    if (etag !== null && entries.every((entry) => this.#current(entry))) this.#etags.set(path, etag);
  }

  /**
   * @param {Entry | undefined} entry
   * @param {Job} job
   */
  #tellJob(entry, job) {
    if (!entry || !this.#current(entry)) return;
    entry.resting = isFinal(job);
    if (entry.told === job.version) return;
    entry.told = job.version;
    this.#handlers?.onMessage({ type: "job", job });
  }

  /**
   * @param {Entry | undefined} entry
   * @param {boolean} expired
   */
  #tellMissing(entry, expired) {
    if (!entry || !this.#current(entry)) return;
    const told = expired ? "expired" : "unknown";
    entry.resting = expired;
    if (entry.told === told) return;
    entry.told = told;
    this.#handlers?.onMessage({ type: "unknown", job: entry.id, expired });
  }

  /** @param {Entry[]} entries */
  #finish(entries) {
    const now = this.#clock.now();
    const interval = this.#isHidden() ? Math.max(HIDDEN_MS, this.#interval) : this.#interval;
    const first = entries.filter((entry) => !entry.answered && this.#current(entry)).map(({ id }) => id);
    for (const entry of entries) {
      entry.answered = true;
      entry.resting ||= entry.told === "unknown" && now >= entry.hopeUntil;
      entry.dueAt = now + (entry.resting ? Math.max(REST_MS, interval) : interval);
    }
    // Told after every round, since it is also the sign of life.
    this.#handlers?.onMessage(first.length > 0 ? { type: "subscribed", jobs: first } : { type: "ping" });
  }

  /**
   * The server is there but cannot answer now.
   *
   * @param {Entry[]} entries
   * @param {number | null} wait
   */
  #putOff(entries, wait) {
    const pause = clamp(wait ?? this.#interval, RETRY_AFTER_BOUNDS);
    for (const entry of entries) entry.dueAt = this.#clock.now() + pause;
    this.#handlers?.onMessage({ type: "error", code: "unavailable", message: "The server asks for a moment." });
  }

  /** @param {string} reason */
  #fail(reason) {
    const handlers = this.#handlers;
    this.close();
    handlers?.onClose(ABNORMAL, reason);
  }

  /** @param {Entry} entry */
  #current(entry) {
    return this.#entries.get(entry.id) === entry;
  }
}

/**
 * @param {number} value
 * @param {{min: number, max: number}} bounds
 */
function clamp(value, { min, max }) {
  return Math.min(max, Math.max(min, value));
}
