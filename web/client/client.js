/** @import { Clock, ConnectionState, Fetch, Job, JobInput, JobState, JobStore } from "./types.js" */
/** @import { Retried, Store as StoreOf, WakeTarget, WebSocketConstructor } from "./types.js" */

import { callForJob, callForJobs, callForRetried } from "./calls.js";
import { Driver } from "./driver.js";
import { Http } from "./http.js";
import { parseJobId } from "./ids.js";
import { JobStores } from "./job-stores.js";
import { PollingTransport } from "./polling.js";
import { known } from "./records.js";
import { linked } from "./signals.js";
import { Store } from "./store.js";
import { Submitter } from "./submit.js";
import { WebSocketTransport } from "./websocket.js";

/**
 * @typedef {object} ClientOptions Everything the client takes from its surroundings.
 * @property {string} [url] Where the server is; the page's origin by default. May be a folder of a site.
 * @property {Record<string, string>} [headers] Sent with every call, `Authorization` for instance.
 * @property {Fetch} [fetch]
 * @property {WebSocketConstructor | null} [WebSocket] Without one everything is polled.
 * @property {Clock} [clock]
 * @property {() => number} [random]
 * @property {WakeTarget} [window] Tells when the page is looked at again.
 *
 * @typedef {object} Client
 * @property {(kind: string, input: JobInput, options?: {signal?: AbortSignal}) => Promise<Job>} submit Repeats
 *   itself until it is answered, or the signal is aborted. Throws a LimnerError when the server refuses.
 * @property {(id: string) => JobStore} job The same object as long as anybody holds it. It is watched while it has
 *   subscribers.
 * @property {(id: string) => Promise<Job>} cancel
 * @property {(id: string) => Promise<Job>} retry
 * @property {(ids?: readonly string[]) => Promise<Retried>} retryAll Those that failed: of these, or of all the
 *   caller's own.
 * @property {(id: string) => Promise<Job>} remove
 * @property {() => Promise<Job[]>} active The caller's own jobs that are unfinished, newest first.
 * @property {StoreOf<readonly string[]>} requested What this client itself submitted or tried again last: the ids of one
 *   call, in a new list each time.
 * @property {StoreOf<ConnectionState>} connection
 * @property {(path: string) => string} resolve The absolute URL of a `result.url`.
 * @property {() => void} close Ends everything; the client is of no use afterwards.
 */

const WAKE_EVENTS = ["visibilitychange", "pageshow", "online", "focus"];

/**
 * A client of one server. It connects when something is watched, not before.
 *
 * @param {ClientOptions} [options]
 * @returns {Client}
 */
export function createClient(options = {}) {
  const url = options.url ?? globalThis.location?.origin;
  if (!url) throw new TypeError("outside of a page, the server's address is needed: createClient({ url })");
  return new LimnerClient({
    url,
    headers: {},
    fetch: (target, init) => globalThis.fetch(target, init),
    WebSocket: globalThis.WebSocket,
    clock: systemClock,
    random: Math.random,
    ...options,
  });
}

/** @implements {Client} */
class LimnerClient {
  #ended = new AbortController();
  #http;
  #window;
  #submitter;
  #driver;
  #stores;
  /** @type {Store<readonly string[]>} */
  #requested = new Store(/** @type {readonly string[]} */ (Object.freeze([])));

  /**
   * @param {ClientOptions & Required<Pick<ClientOptions, "url" | "headers" | "fetch" | "clock" | "random">>} options
   */
  constructor({ url, headers, fetch, WebSocket, clock, random, window = defaultWindow() }) {
    const http = new Http({ base: url, headers, fetch, clock });
    this.#http = http;
    this.#window = window;
    this.#submitter = new Submitter({ http, clock, random });
    this.#driver = new Driver({
      clock,
      random,
      transports: {
        websocket: () => new WebSocketTransport(http.socketUrl, WebSocket),
        polling: () => new PollingTransport({ http, clock, isHidden: () => this.#isHidden }),
      },
      deliver: (state) => this.#deliver(state),
    });
    this.#stores = new JobStores({
      clock,
      watch: (state) => this.#driver.dispatch({ type: "watch", state }),
      unwatch: (id) => this.#driver.dispatch({ type: "unwatch", id }),
    });
    this.#listen();
  }

  /** @returns {StoreOf<ConnectionState>} */
  get connection() {
    return this.#driver.connection;
  }

  /** @returns {StoreOf<readonly string[]>} */
  get requested() {
    return this.#requested;
  }

  /** @type {Client["submit"]} */
  async submit(kind, input, { signal } = {}) {
    const stop = linked(signal, this.#ended.signal);
    try {
      const job = this.#take(await this.#submitter.submit(kind, input, stop.signal));
      this.#request([job.id]);
      return job;
    } finally {
      stop.unlink();
    }
  }

  /** @param {string} id */
  job(id) {
    return this.#stores.get(parseJobId(id) ?? id);
  }

  /** @param {string} id */
  async cancel(id) {
    this.#submitter.forget(id);
    return this.#take(await this.#call(id, "POST", "/cancel"));
  }

  /** @param {string} id */
  async retry(id) {
    const job = this.#take(await this.#call(id, "POST", "/retry"));
    this.#request([job.id]);
    return job;
  }

  /** @type {Client["retryAll"]} */
  async retryAll(ids) {
    const call = { method: "POST", body: ids === undefined ? {} : { jobs: ids }, signal: this.#ended.signal };
    const answer = await callForRetried(this.#http, "/jobs/retry", call);
    if (answer.retried.length > 0) this.#request(answer.retried);
    return answer;
  }

  /**
   * What was removed is no news for its watchers: the server tells them that it is gone.
   *
   * @param {string} id
   */
  async remove(id) {
    this.#submitter.forget(id);
    return this.#call(id, "DELETE");
  }

  async active() {
    const jobs = await callForJobs(this.#http, "/jobs?active=1", { signal: this.#ended.signal });
    return jobs.map((job) => this.#take(job));
  }

  /** @param {string} path */
  resolve(path) {
    return this.#http.resolve(path);
  }

  close() {
    this.#ended.abort(new DOMException("The client was closed.", "AbortError"));
    this.#driver.dispatch({ type: "close" });
    this.#driver.connection.end();
    this.#requested.end();
    this.#stores.close();
  }

  get #isHidden() {
    return this.#window?.document?.hidden ?? false;
  }

  #listen() {
    /** @param {Event} event */
    const wake = ({ type }) => {
      if (type !== "visibilitychange" || !this.#isHidden) this.#driver.dispatch({ type: "wake" });
    };
    for (const event of WAKE_EVENTS) this.#window?.addEventListener(event, wake, { signal: this.#ended.signal });
  }

  /** @param {JobState} state */
  #deliver(state) {
    const again = state.phase === "unknown" ? this.#submitter.resubmit(state.id, this.#ended.signal) : null;
    if (again === null) this.#stores.set(state);
    else void this.#await(again, state);
  }

  /**
   * Shows that a job is gone only when submitting it again failed too.
   *
   * @param {Promise<Job>} again
   * @param {JobState} gone
   */
  async #await(again, gone) {
    const store = this.job(gone.id);
    const shown = store.snapshot();
    try {
      this.#take(await again);
    } catch {
      if (store.snapshot() === shown) this.#stores.set(gone);
    }
  }

  /**
   * A record that came as the answer to a call.
   *
   * @param {Job} job
   */
  #take(job) {
    this.#stores.keep(this.#stores.offer(known(job)));
    this.#driver.dispatch({ type: "record", job });
    return job;
  }

  /** @param {string[]} ids */
  #request(ids) {
    this.#requested.set(Object.freeze(ids));
  }

  /**
   * @param {string} id
   * @param {string} method
   * @param {string} action
   */
  #call(id, method, action = "") {
    return callForJob(this.#http, `/jobs/${encodeURIComponent(id)}${action}`, { method, signal: this.#ended.signal });
  }
}

/** @type {Clock} */
const systemClock = {
  now: () => Date.now(),
  setTimeout: (callback, ms) => globalThis.setTimeout(callback, ms),
  clearTimeout: (handle) => globalThis.clearTimeout(/** @type {ReturnType<typeof setTimeout>} */ (handle)),
};

/** @returns {WakeTarget | undefined} */
function defaultWindow() {
  return typeof globalThis.addEventListener === "function" ? globalThis : undefined;
}
