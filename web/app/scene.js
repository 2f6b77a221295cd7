/** What the page shows of a set, derived from the state of its `characters` job. Pure. */

/** @import { Character, Job, JobState } from "../client/types.js" */

/**
 * - `opening`: nothing known yet · `writing`: characters are still to come · `complete`: all are there
 * - `failed`, `stopped`: it ended before all were there · `gone`: no longer kept, or never made
 *
 * @typedef {"opening" | "writing" | "complete" | "failed" | "stopped" | "gone"} Phase
 */

/**
 * @typedef {object} Scene
 * @property {Phase} phase
 * @property {readonly Character[]} characters
 * @property {number} awaited               how many are still to be written
 * @property {string | null} reason         why it failed, as a sentence
 * @property {boolean} retryable
 */

/**
 * @typedef {object} Brief
 * @property {string} theme         empty: chance decided
 * @property {number | null} count
 */

/**
 * @param {JobState} state
 * @param {Brief | null} submitted          what this page itself asked for; its job may not be known yet
 * @param {readonly Character[]} shown      the characters that are on the wall
 * @returns {Scene}
 */
export function sceneOf({ phase, job }, submitted, shown) {
  const scene = { characters: shown, awaited: 0, reason: null, retryable: false };
  if (job !== null) return jobScene(job, submitted, shown);
  if (phase === "expired" || (phase === "unknown" && submitted === null)) return { ...scene, phase: "gone" };
  if (submitted === null) return { ...scene, phase: "opening", awaited: shown.length === 0 ? 1 : 0 };
  return { ...scene, phase: "writing", awaited: Math.max(0, (submitted.count ?? 1) - shown.length) };
}

/**
 * @param {Job} job
 * @param {Brief | null} submitted
 * @param {readonly Character[]} shown
 * @returns {Scene}
 */
function jobScene(job, submitted, shown) {
  const written = job.result?.characters ?? [];
  const same = written.every(({ id }, index) => shown[index] === undefined || shown[index].id === id);
  const characters = same && shown.length > written.length ? shown : written;
  const scene = { characters, awaited: 0, reason: null, retryable: false };
  if (job.status === "succeeded") return { ...scene, phase: "complete" };
  if (job.status === "canceled") return { ...scene, phase: "stopped", retryable: true };
  if (job.status === "failed") {
    return { ...scene, phase: "failed", reason: job.error?.message ?? null, retryable: job.error?.retryable ?? false };
  }
  const count = submitted?.count ?? briefOf(job).count ?? characters.length + 1;
  return { ...scene, phase: "writing", awaited: Math.max(0, count - characters.length) };
}

/**
 * What was asked for, as the page noted it in the job's metadata. Others may have submitted it without.
 *
 * @param {Job} job
 * @returns {Brief}
 */
export function briefOf({ metadata }) {
  const theme = metadata?.["theme"];
  const count = metadata?.["count"];
  return {
    theme: typeof theme === "string" ? theme : "",
    count: typeof count === "number" && count >= 1 && count <= 10 ? Math.floor(count) : null,
  };
}
