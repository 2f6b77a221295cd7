/** What the operator's page says in words. Pure. */

/** @import { KindRow, ListedDelivery, ListedWorker, QueueState } from "./queue-server.js" */

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/**
 * How long that is, in its two largest units.
 *
 * @param {number} ms  below 0 counts as 0
 */
export function spanOf(ms) {
  const whole = Math.max(0, Math.round(ms / SECOND)) * SECOND;
  if (whole < MINUTE) return `${whole / SECOND} s`;
  if (whole < HOUR) return both(whole, MINUTE, "min", SECOND, "s");
  if (whole < DAY) return both(whole, HOUR, "h", MINUTE, "min");
  return both(whole, DAY, "d", HOUR, "h");
}

/**
 * @param {number} ms
 * @param {number} large
 * @param {string} largeName
 * @param {number} small
 * @param {string} smallName
 */
function both(ms, large, largeName, small, smallName) {
  const rest = Math.floor((ms % large) / small);
  return `${Math.floor(ms / large)} ${largeName}${rest === 0 ? "" : ` ${rest} ${smallName}`}`;
}

/**
 * @param {string | null} time
 * @param {number} now
 */
export const sinceOf = (time, now) => (time === null ? "" : spanOf(now - Date.parse(time)));

/**
 * @param {string | null} time
 * @param {number} now
 */
export const untilOf = (time, now) => (time === null ? "" : spanOf(Date.parse(time) - now));

/** @param {number} progress */
export const percentOf = (progress) => `${Math.floor(progress * 100)} %`;

/** @param {KindRow} row */
export function usualOf({ seconds }) {
  return seconds === null ? "" : `${spanOf(seconds.p50 * SECOND)}, nine of ten ${spanOf(seconds.p90 * SECOND)}`;
}

/** @param {ListedWorker} worker */
export function takesOf({ kinds }) {
  return Object.entries(kinds)
    .map(([kind, { at_once }]) => `${at_once} × ${kind}`)
    .join(", ");
}

/**
 * @param {ListedWorker} worker
 * @param {number} now
 */
export function leasesOf({ leases }, now) {
  return leases.map(({ job, lease_until }) => `${shortOf(job)} ${untilOf(lease_until, now)}`).join(", ");
}

/** @param {string} id */
export const shortOf = (id) => id.slice(0, 8);

/**
 * Who works there, of a worker's name or of its own words.
 *
 * @param {QueueState} state
 * @param {string | null} name
 */
export function workerOf({ workers }, name) {
  const worker = workers.find((one) => one.name === name);
  return worker === undefined ? (name ?? "") : `${worker.host} ${worker.pid}`;
}

/**
 * What has become of «retry all»: some may not be tried again, as repeating cannot help them.
 *
 * @param {Record<string, unknown>} answer
 */
export function retriedOf({ retried, left }) {
  const [done = 0, kept = 0] = [retried, left].map((jobs) => (Array.isArray(jobs) ? jobs.length : 0));
  const others = kept > 0 ? ` ${kept} stay as they are.` : "";
  return `${done === 1 ? "One job is" : `${done || "No"} jobs are`} tried again.${others}`;
}

/** @param {ListedDelivery["state"]} state */
export const deliveryOf = (state) => ({ waiting: "waiting", delivered: "delivered", given_up: "given up" })[state];

/** @param {QueueState} state */
export function summaryOf({ kinds, workers, delayed }) {
  const { waiting, running, failed } = totalsOf(kinds);
  const later = delayed === 0 ? "" : ` (${delayed} of them for a time)`;
  const people = workers.length === 1 ? "1 worker" : `${workers.length || "no"} workers`;
  return `${waiting || "Nothing"} ${waiting > 1 ? "wait" : "waits"}${later}, ${running || "nothing"} ${running > 1 ? "run" : "runs"}, ${failed || "nothing"} failed; ${people}.`;
}

/** @param {QueueState} state */
export function titleOf({ kinds }) {
  const { waiting, failed } = totalsOf(kinds);
  const parts = [waiting > 0 ? `${waiting} waiting` : "", failed > 0 ? `${failed} failed` : ""].filter(Boolean);
  return [...parts, "The queue – Limner"].join(" · ");
}

/** @param {readonly KindRow[]} kinds */
export function totalsOf(kinds) {
  const totals = { waiting: 0, running: 0, failed: 0 };
  for (const { waiting, running, failed } of kinds) {
    totals.waiting += waiting;
    totals.running += running;
    totals.failed += failed;
  }
  return totals;
}

/**
 * A heading with its number; where not all are listed it says so.
 *
 * @param {string} words
 * @param {number} all
 * @param {number} listed
 */
export function headingOf(words, all, listed) {
  if (all === 0) return words;
  return listed < all ? `${words}: ${all}, of which ${listed} are listed` : `${words}: ${all}`;
}
