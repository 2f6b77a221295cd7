import assert from "node:assert/strict";
import { test } from "node:test";
import { LONG_MS, RECONNECTING_MS, UNKNOWN_MS, connectionLine, pictureUrl, viewOf } from "../../../web/elements/view.js";
import { follow, noWait } from "../../../web/elements/wait.js";
import { defaultWords } from "../../../web/elements/words.js";
import { T0, at, job, known, without } from "./support/jobs.js";

/** @import { JobState } from "../../../web/client/types.js" */

/**
 * What is shown of a state that was first seen at T0, `later` milliseconds after that.
 *
 * @param {JobState} state
 * @param {{later?: number, lostFor?: number}} [time]
 */
function shown(state, { later = 0, lostFor } = {}) {
  const now = T0 + later;
  const lostAt = lostFor === undefined ? null : now - lostFor;
  return viewOf({ state, wait: follow(noWait, state, T0), lostAt, now }, defaultWords);
}

test("before anything is known nothing is claimed", () => {
  const view = shown(without("loading"));
  assert.deepEqual([view.state, view.line, view.note, view.waiting], ["loading", null, null, true]);
});

test("a queued job tells its place, and claims nothing of how long it takes while nothing is known", () => {
  const view = shown(known({ queue_position: 3 }));
  assert.equal(view.state, "queued");
  assert.equal(view.line, "Generating portrait…");
  assert.equal(view.detail, "2 ahead of you");
  assert.deepEqual([view.timeLeft, view.note], [null, null]);
  assert.equal(view.percent, null);
});

test("a job that went back to the queue tells why", () => {
  assert.equal(shown(known({ attempt: 1, stage: "the painter is busy" })).detail, "the painter is busy");
});

test("a processing job tells its stage, per cent and time left instead of what is usual", () => {
  const painting = { progress: 0.426, stage: "painting the face", expected_at: at(12_000), preview: "data:image/webp;base64,AA" };
  const view = shown(known({ status: "processing", attempt: 1, ...painting }));
  assert.equal(view.state, "processing");
  assert.equal(view.detail, "painting the face");
  assert.equal(view.percent, 42);
  assert.equal(view.timeLeft, "about 12 s");
  assert.equal(view.note, null);
  assert.equal(view.preview, painting.preview);
});

test("per cent is a hundred only when it is done", () => {
  assert.equal(shown(known({ status: "processing", progress: 0.999 })).percent, 99);
});

test("a preview is sharp from seventy per cent on", () => {
  const coarse = [0, 0.35, 0.7, 1].map((progress) => shown(known({ status: "processing", progress })).coarseness);
  assert.deepEqual(coarse, [1, 0.5, 0, 0]);
});

test("after two minutes it says that one can leave", () => {
  const painting = known({ status: "processing", attempt: 1 });
  assert.equal(shown(painting, { later: LONG_MS - 1 }).note, "This may take 20–30 seconds");
  assert.equal(shown(painting, { later: LONG_MS }).note, "Taking longer than usual; you can leave, it will be here");
});

test("a picture that is overdue comes any moment now", () => {
  const late = known({ status: "processing", attempt: 1, expected_at: at(10_000) });
  assert.equal(shown(late, { later: 15_000 }).timeLeft, "any moment now");
  assert.equal(shown(late, { later: 39_000 }).timeLeft, "any moment now");
});

test("a picture that is long overdue is not promised any more", () => {
  const late = known({ status: "processing", attempt: 1, expected_at: at(10_000) });
  const { timeLeft, note } = shown(late, { later: 41_000 });
  assert.deepEqual([timeLeft, note], [null, null]);
});

test("a job that waits still when it was to be finished promises nothing", () => {
  const waiting = known({ queue_position: 1, expected_at: at(10_000) });
  assert.equal(shown(waiting, { later: 9_000 }).timeLeft, "about 1 s");
  assert.equal(shown(waiting, { later: 10_000 }).timeLeft, null);
});

test("a missing connection is told after three seconds, while something is awaited", () => {
  assert.equal(shown(known(), { lostFor: RECONNECTING_MS - 1 }).connection, null);
  assert.equal(shown(known(), { lostFor: RECONNECTING_MS }).connection, "Reconnecting…");
  assert.equal(shown(known({ status: "succeeded", result: { url: "/x" } }), { lostFor: 60_000 }).connection, null);
  assert.equal(connectionLine({ lostAt: null, now: T0 }, defaultWords), null);
});

test("a picture that is done is shown by its address", () => {
  const view = shown(known({ status: "succeeded", result: { url: "/temp-portraits/a/image?v=7" } }));
  assert.deepEqual([view.state, view.waiting, view.picture], ["succeeded", false, "/temp-portraits/a/image?v=7"]);
});

test("a video is stood for by its poster, and without one by nothing", () => {
  const video = { url: "/objects/a.mp4", content_type: "video/mp4" };
  assert.equal(pictureUrl(job({ result: { ...video, poster: "/objects/a.jpg" } })), "/objects/a.jpg");
  assert.equal(pictureUrl(job({ result: video })), null);
});

test("a failure that may pass offers the same again, with its reason", () => {
  const error = { code: /** @type {const} */ ("timed_out"), message: "The painter fell asleep.", retryable: true };
  const view = shown(known({ status: "failed", error }));
  assert.deepEqual([view.state, view.detail, view.action], ["failed", "The painter fell asleep.", "retry"]);
});

test("a failure that would come again offers another description", () => {
  const error = { code: /** @type {const} */ ("moderated"), message: "Not this.", retryable: false };
  assert.equal(shown(known({ status: "failed", error })).action, "change");
});

test("a canceled job is stopped, and can be tried again", () => {
  const view = shown(known({ status: "canceled" }));
  assert.deepEqual([view.state, view.line, view.action], ["canceled", "Stopped", "retry"]);
});

test("what is no longer kept can be painted again", () => {
  const view = shown(without("expired"));
  assert.deepEqual([view.state, view.line, view.action], ["expired", "No longer kept, paint it again", "repaint"]);
});

test("an unknown job is waited for a while before it is given up", () => {
  const early = shown(without("unknown"), { later: UNKNOWN_MS - 1 });
  assert.deepEqual([early.state, early.line, early.waiting], ["loading", "Generating portrait…", true]);
  assert.equal(shown(without("unknown"), { later: UNKNOWN_MS }).state, "expired");
});
