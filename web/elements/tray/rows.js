/** What the tray shows of its tasks, derived from what is known of them. Pure but for reading the tasks. */

/** @import { View } from "../view.js" */
/** @import { Words } from "../words.js" */
/** @import { Task } from "./task.js" */
import { viewOf } from "../view.js";
import { timeLeftWords } from "../words.js";

/**
 * - `stop`: it is unfinished · `retry`: it failed, and may be tried again · `change`: the same would fail again
 * - `reload`: it is made, and its picture did not arrive
 *
 * @typedef {"stop" | "retry" | "change" | "reload"} RowAction
 */

/**
 * @typedef {object} Row
 * @property {string} id
 * @property {"waiting" | "working" | "arriving" | "failed"} state
 * @property {string} label
 * @property {string} line
 * @property {number | null} percent     null while nothing is measured
 * @property {string | null} preview     a data URI
 * @property {number | null} endsAt      when it will probably be finished, in ms
 * @property {RowAction | null} action
 */

/**
 * The tasks that a person can wait for, or do something about.
 *
 * @param {readonly Task[]} tasks
 * @param {Words} words
 * @returns {Row[]}
 */
export function rowsOf(tasks, words) {
  return tasks.map((task) => rowOf(task, words)).filter((row) => row !== null);
}

/**
 * @param {Task} task
 * @param {Words} words
 */
export function labelOf({ label, kind }, words) {
  if (label !== "") return label;
  if (kind === "characters") return words.characters;
  return kind === "video" ? words.video : words.portrait;
}

/**
 * The tray in one line.
 *
 * @param {readonly Row[]} rows
 * @param {Words} words
 * @param {number} now
 */
export function summaryOf(rows, words, now) {
  const count = (/** @type {Row["state"][]} */ ...states) => rows.filter(({ state }) => states.includes(state)).length;
  const [working, waiting, failed] = [count("working", "arriving"), count("waiting"), count("failed")];
  const parts = [
    working > 0 ? words.inProgress(working) : null,
    waiting > 0 ? words.waiting(waiting) : null,
    failed > 0 ? words.failures(failed) : null,
    timeLeft(rows, words, now),
  ];
  return parts.filter((part) => part !== null).join(" · ");
}

/**
 * Until the last of them is there; null where that is not known of each.
 *
 * @param {readonly Row[]} rows
 * @param {Words} words
 * @param {number} now
 */
function timeLeft(rows, words, now) {
  const awaited = rows.filter(({ state }) => state === "waiting" || state === "working");
  const ends = awaited.flatMap(({ endsAt }) => endsAt ?? []);
  return ends.length === 0 || ends.length < awaited.length ? null : timeLeftWords(Math.max(...ends) - now, words);
}

/**
 * @param {Task} task
 * @param {Words} words
 * @returns {Row | null}
 */
function rowOf(task, words) {
  const situation = task.situation(null);
  const view = viewOf(situation, words);
  const state = stateOf(view);
  if (state === null || (state === "arriving" && !task.arriving)) return null;
  const { lost } = task.picture;
  return {
    id: task.id,
    state,
    label: labelOf(task, words),
    line: task.refusal ?? lineOf(view, state, lost, words),
    percent: state === "working" ? view.percent : null,
    preview: state === "failed" ? null : view.preview,
    endsAt: view.timeLeft === null ? null : situation.wait.endsAt,
    action: actionOf(view, state, lost),
  };
}

/**
 * @param {View} view
 * @returns {Row["state"] | null}
 */
function stateOf({ state }) {
  if (state === "loading" || state === "queued") return "waiting";
  if (state === "processing") return "working";
  if (state === "succeeded") return "arriving";
  return state === "failed" ? "failed" : null;
}

/**
 * @param {View} view
 * @param {Row["state"]} state
 * @param {boolean} lost
 * @param {Words} words
 */
function lineOf({ detail, timeLeft }, state, lost, words) {
  if (state === "arriving") return lost ? words.lost : words.arriving;
  const first = detail ?? (state === "waiting" ? words.queued : null);
  return [first, timeLeft].filter((part) => part !== null).join(" · ");
}

/**
 * @param {View} view
 * @param {Row["state"]} state
 * @param {boolean} lost
 * @returns {RowAction | null}
 */
function actionOf({ action }, state, lost) {
  if (state === "arriving") return lost ? "reload" : null;
  if (state === "failed") return action === "change" ? "change" : "retry";
  return "stop";
}
