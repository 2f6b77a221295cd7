/** @import { Hello, ServerMessage } from "./types.js" */

import { isJob } from "./records.js";

/**
 * A server's message, or null for what this client does not know: a newer server may say more.
 *
 * @param {string} text
 * @returns {ServerMessage | null}
 */
export function parseServerMessage(text) {
  const value = parseJson(text);
  if (!isObject(value)) return null;
  const read = READERS.get(String(value["type"]));
  return read ? read(value) : null;
}

/**
 * The ids that an answer of `GET /jobs?id=…` names as missing: `unknown` has all of them, `expired` those of them that
 * are no longer kept.
 *
 * @param {Record<string, unknown>} body
 * @returns {{id: string, expired: boolean}[]}
 */
export function readMissing(body) {
  const expired = new Set(readIds(body["expired"]));
  return readIds(body["unknown"]).map((id) => ({ id, expired: expired.has(id) }));
}

/**
 * @param {unknown} entries
 * @returns {string[]}
 */
function readIds(entries) {
  if (!Array.isArray(entries)) return [];
  return entries.filter((/** @type {unknown} */ entry) => typeof entry === "string");
}

/**
 * The value of a JSON text, or undefined where it is none.
 *
 * @param {string} text
 * @returns {unknown}
 */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
export function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @type {ReadonlyMap<string, (value: Record<string, unknown>) => ServerMessage | null>} */
const READERS = new Map(
  /** @type {[string, (value: Record<string, unknown>) => ServerMessage | null][]} */ ([
    ["hello", readHello],
    ["job", ({ job }) => (isJob(job) ? { type: "job", job } : null)],
    [
      "unknown",
      ({ job, expired }) => (typeof job === "string" ? { type: "unknown", job, expired: expired === true } : null),
    ],
    ["subscribed", ({ jobs }) => (Array.isArray(jobs) ? { type: "subscribed", jobs: jobs.map(String) } : null)],
    ["error", ({ code, message }) => ({ type: "error", code: String(code), message: String(message ?? "") })],
    ["ping", () => ({ type: "ping" })],
    ["pong", () => ({ type: "pong" })],
    ["goodbye", ({ retry_after_ms }) => ({ type: "goodbye", retry_after_ms: milliseconds(retry_after_ms, 0) })],
  ]),
);

/**
 * @param {Record<string, unknown>} value
 * @returns {Hello}
 */
function readHello({ ping_interval_ms, retry_window_ms, max_jobs }) {
  return {
    type: "hello",
    ping_interval_ms: milliseconds(ping_interval_ms, 25_000),
    retry_window_ms: milliseconds(retry_window_ms, 5_000),
    max_jobs: typeof max_jobs === "number" && max_jobs > 0 ? max_jobs : 256,
  };
}

/**
 * @param {unknown} value
 * @param {number} fallback
 */
function milliseconds(value, fallback) {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : fallback;
}
