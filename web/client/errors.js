/** @import { Answer } from "./http.js" */
/** @import { FieldError } from "./types.js" */

import { isObject, parseJson } from "./messages.js";

const UNREACHABLE = "The server cannot be reached.";

/**
 * A call that failed. `message` is a sentence for a person; the other fields are those of the server's problem
 * (RFC 9457). `status` is 0 when no answer came.
 */
export class LimnerError extends Error {
  /**
   * @param {{
   *   status: number,
   *   title?: string,
   *   detail?: string,
   *   errors?: readonly FieldError[],
   *   retryAfterMs?: number | null,
   *   cause?: unknown,
   * }} problem
   */
  constructor({ status, title = "", detail = "", errors = [], retryAfterMs = null, cause }) {
    super(detail || title || `The server answered ${status}.`, { cause });
    this.name = "LimnerError";
    this.status = status;
    this.title = title;
    this.detail = detail;
    /** What is wrong with which field of the input. */
    this.errors = errors;
    /** How long the server asks to wait before the next attempt, or null. */
    this.retryAfterMs = retryAfterMs;
  }

  /** Whether the same call may succeed later, unchanged. */
  get temporary() {
    return [0, 429, 502, 503, 504].includes(this.status);
  }

  /** @param {unknown} cause What `fetch` threw. */
  static unreachable(cause) {
    return new LimnerError({ status: 0, title: UNREACHABLE, cause });
  }

  /**
   * @param {Answer} answer
   * @param {number} now
   */
  static from(answer, now) {
    const body = parseJson(answer.text);
    const problem = isObject(body) ? body : {};
    return new LimnerError({
      status: answer.status,
      title: text(problem["title"]) || answer.statusText,
      detail: text(problem["detail"]),
      errors: fieldErrors(problem["errors"]),
      retryAfterMs: retryAfter(answer, now),
    });
  }
}

/**
 * What `Retry-After` says, in milliseconds from now; null without it. It is a number of seconds or a date.
 *
 * @param {Answer} answer
 * @param {number} now
 */
export function retryAfter(answer, now) {
  const value = answer.headers.get("retry-after");
  if (value === null) return null;
  const ms = /^\s*\d+(\.\d+)?\s*$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : null;
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? value : "";
}

/**
 * @param {unknown} value
 * @returns {FieldError[]}
 */
function fieldErrors(value) {
  if (!Array.isArray(value)) return [];
  return value.filter(isObject).map(({ field, message }) => ({ field: text(field), message: text(message) }));
}
