/**
 * How long to wait before the next attempt: anything from 0 to a bound that doubles with every attempt («full
 * jitter»), so that clients which were cut off together do not come back together.
 *
 * @param {number} attempt 0 for the first.
 * @param {number} random From 0 (included) to 1 (not included).
 * @param {{base?: number, cap?: number}} [bounds] In milliseconds.
 * @returns {number} Milliseconds.
 */
export function backoff(attempt, random, { base = 500, cap = 20_000 } = {}) {
  return Math.floor(random * bound(attempt, base, cap));
}

/**
 * As `backoff`, but never below half of the bound: for what is tried beside something that works.
 *
 * @param {number} attempt
 * @param {number} random
 * @param {{base: number, cap: number}} bounds In milliseconds.
 * @returns {number} Milliseconds.
 */
export function growingInterval(attempt, random, { base, cap }) {
  return Math.floor((0.5 + random / 2) * bound(attempt, base, cap));
}

/**
 * @param {number} attempt
 * @param {number} base
 * @param {number} cap
 */
function bound(attempt, base, cap) {
  return Math.min(cap, base * 2 ** attempt);
}
