/** @import { Clock, Fetch } from "./types.js" */

import { LimnerError } from "./errors.js";

/** An answer that is not here, whole, by then will not come. */
const ANSWER_MS = 30_000;

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {string} statusText
 * @property {Headers} headers
 * @property {string} text
 */

/** The server over HTTP: where it is, and how it is called. */
export class Http {
  #base;
  #headers;
  #fetch;
  #clock;

  /**
   * @param {{base: string, headers: Record<string, string>, fetch: Fetch, clock: Clock}} options
   */
  constructor({ base, headers, fetch, clock }) {
    this.#base = asFolder(base);
    this.#headers = headers;
    this.#fetch = fetch;
    this.#clock = clock;
  }

  get now() {
    return this.#clock.now();
  }

  /**
   * The absolute URL of a path from the server's root, which may itself be a folder of a site. Absolute URLs stay.
   *
   * @param {string} path
   */
  resolve(path) {
    const fromRoot = path.startsWith("/") && !path.startsWith("//");
    return new URL(fromRoot ? `.${path}` : path, this.#base).href;
  }

  /** Where the WebSocket is. */
  get socketUrl() {
    return this.resolve("/ws").replace(/^http/, "ws");
  }

  /**
   * Whatever the server answers. Throws a LimnerError of status 0 when it cannot be reached or takes too long, and the
   * signal's reason when that was aborted.
   *
   * @param {string} path
   * @param {{method?: string, headers?: Record<string, string>, body?: unknown, signal?: AbortSignal | undefined}} [request]
   * @returns {Promise<Answer>}
   */
  async request(path, { method = "GET", headers = {}, body, signal } = {}) {
    signal?.throwIfAborted();
    const limit = new AbortController();
    const abort = () => limit.abort();
    const timer = this.#clock.setTimeout(abort, ANSWER_MS);
    signal?.addEventListener("abort", abort, { once: true });
    try {
      const response = await this.#fetch(this.resolve(path), {
        method,
        headers: { Accept: "application/json", ...this.#headers, ...headers, ...(body === undefined ? {} : JSON_TYPE) },
        cache: "no-store",
        signal: limit.signal,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const { status, statusText, headers: answered } = response;
      return { status, statusText, headers: answered, text: await response.text() };
    } catch (error) {
      signal?.throwIfAborted();
      throw LimnerError.unreachable(error);
    } finally {
      this.#clock.clearTimeout(timer);
      signal?.removeEventListener("abort", abort);
    }
  }
}

const JSON_TYPE = { "Content-Type": "application/json" };

/** @param {string} base */
function asFolder(base) {
  const url = new URL(base);
  url.search = "";
  url.hash = "";
  if (!url.pathname.endsWith("/")) url.pathname += "/";
  return url.href;
}
