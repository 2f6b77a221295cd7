import assert from "node:assert/strict";
import { test } from "node:test";
import { afterTelling, isSettled, newsOf } from "../../../../web/elements/tray/news.js";
import { entry } from "../support/entries.js";
import { at, job } from "../support/jobs.js";

/** @import { Entry } from "../../../../web/elements/tray/news.js" */
/** @import { Job } from "../../../../web/client/types.js" */

/**
 * What is told of these states, one after the other.
 *
 * @param {Partial<Job>[]} states
 * @param {Entry} [from]
 */
function told(states, from = entry()) {
  let known = from;
  return states.flatMap((fields, place) => {
    const state = job({ version: place + 1, ...fields });
    const news = newsOf(known, state);
    if (news === null) return [];
    known = afterTelling(known, news, state, 2_000);
    return [news];
  });
}

const queued = { status: /** @type {const} */ ("queued") };
const processing = { status: /** @type {const} */ ("processing"), attempt: 1 };
/** @param {number} ms */
const failed = (ms) => ({ status: /** @type {const} */ ("failed"), finished_at: at(ms) });
/** @param {number} ms */
const succeeded = (ms) => ({ status: /** @type {const} */ ("succeeded"), finished_at: at(ms) });

test("each phase is told once, however often the progress moves", () => {
  const painting = [0, 0.2, 0.7].map((progress) => ({ ...processing, progress }));
  const done = { ...succeeded(9_000), version: 9 };
  assert.deepEqual(told([queued, queued, ...painting, done, done]), [
    "queued",
    "processing",
    "succeeded",
  ]);
});

test("a run that goes back to the queue is no news", () => {
  assert.deepEqual(told([queued, processing, queued, processing]), ["queued", "processing"]);
});

test("a phase that nobody saw is not told afterwards", () => {
  assert.deepEqual(told([queued, succeeded(9_000)]), ["queued", "succeeded"]);
});

test("what a person tries again is told anew, and may fail anew", () => {
  assert.deepEqual(told([failed(1_000), queued, processing, failed(9_000)]), [
    "failed",
    "queued",
    "processing",
    "failed",
  ]);
});

test("the second failure is told though nothing was seen between the two", () => {
  const first = { ...failed(1_000), version: 1 };
  assert.deepEqual(told([first, first, failed(9_000)]), ["failed", "failed"]);
});

test("a state that is older than what was told is no news", () => {
  const known = entry({ told: "canceled", version: 9 });
  assert.deepEqual(told([{ ...queued, version: 8 }, { ...succeeded(9_000), version: 7 }], known), []);
});

test("a reload goes on where the telling was", () => {
  assert.deepEqual(told([processing, succeeded(9_000)], entry({ told: "processing" })), ["succeeded"]);
  assert.deepEqual(told([succeeded(9_000)], entry({ told: "succeeded", version: 1 })), []);
});

test("a failure is settled when it was put away, every other end when it was told", () => {
  assert.equal(isSettled(entry({ told: "failed" })), false);
  assert.equal(isSettled(entry({ told: "failed", dismissed: true })), true);
  for (const end of /** @type {const} */ (["succeeded", "canceled", "gone"])) {
    assert.equal(isSettled(entry({ told: end })), true);
  }
  assert.equal(isSettled(entry({ told: "processing" })), false);
});

test("what was put away comes back when it is told anew", () => {
  const again = afterTelling(entry({ told: "failed", dismissed: true }), "queued", job(queued), 2_000);
  assert.deepEqual([again.dismissed, again.at], [false, 2_000]);
});
