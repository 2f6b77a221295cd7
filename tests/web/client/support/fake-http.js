/** @import { Fetch } from "../../../../web/client/types.js" */

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} url
 * @property {Headers} headers
 * @property {unknown} body
 *
 * @typedef {(call: Call) => Response | Promise<Response>} Handler May throw, as `fetch` does without a network.
 */

/** A server behind `fetch`: what it answers is up to the test, what it was asked is written down. */
export class FakeHttp {
  /** @type {Call[]} */
  calls = [];
  /** @type {Handler} */
  handler;

  /** @param {Handler} handler */
  constructor(handler = () => new Response(null, { status: 404 })) {
    this.handler = handler;
  }

  /** @type {Fetch} */
  fetch = async (url, { method = "GET", headers, body, signal }) => {
    signal?.throwIfAborted();
    const call = {
      method,
      url,
      headers: new Headers(headers),
      body: typeof body === "string" ? JSON.parse(body) : undefined,
    };
    this.calls.push(call);
    const aborted = new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason)));
    return /** @type {Promise<Response>} */ (Promise.race([this.handler(call), aborted]));
  };

  /**
   * Answers in this order; the last one stays.
   *
   * @param {...Handler} handlers
   */
  answers(...handlers) {
    this.handler = (call) => {
      const [next] = handlers.length > 1 ? handlers.splice(0, 1) : handlers;
      if (!next) throw new Error("no answer is left");
      return next(call);
    };
  }
}

/**
 * @param {unknown} body
 * @param {{status?: number, headers?: Record<string, string>}} [init]
 */
export function json(body, { status = 200, headers = {} } = {}) {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

/** @type {Handler} */
export function noNetwork() {
  throw new TypeError("Failed to fetch");
}

/** @type {Handler} */
export function noAnswer() {
  return new Promise(() => {});
}
