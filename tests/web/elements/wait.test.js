import assert from "node:assert/strict";
import { test } from "node:test";
import { follow, noWait } from "../../../web/elements/wait.js";
import { T0, at, known, without } from "./support/jobs.js";

/** @import { Job, JobState } from "../../../web/client/types.js" */

/** @param {[JobState, number][]} steps  states and when, in milliseconds after T0, they were seen */
const after = (...steps) => steps.reduce((wait, [state, ms]) => follow(wait, state, T0 + ms), noWait);

/**
 * A state that the server stored `ms` after T0, on a clock that is right.
 *
 * @param {number} ms
 * @param {Partial<Job>} [fields]
 */
const stored = (ms, fields) => known({ version: (T0 + ms) * 1000, status: "processing", attempt: 1, ...fields });

test("the waiting begins when the job was made, also for a page that was opened later", () => {
  assert.equal(after([known(), 90_000]).since, T0);
});

test("the waiting of a retried job begins with the retry", () => {
  const failed = known({ status: "failed", attempt: 1 });
  const again = known({ version: (T0 + 300_000) * 1000, attempt: 1 });
  assert.equal(after([failed, 200_000], [again, 300_000]).since, T0 + 300_000);
});

test("the waiting of a second run, met in the middle, begins with that run", () => {
  const running = stored(60_000, { attempt: 2, started_at: at(50_000) });
  assert.equal(after([running, 70_000]).since, T0 + 50_000);
});

test("a run that goes back to the queue goes on with the same waiting", () => {
  const wait = after([stored(1_000), 1_000], [stored(30_000, { status: "queued" }), 30_000]);
  assert.equal(wait.since, T0);
});

test("nobody waits once the job is final", () => {
  for (const status of /** @type {const} */ (["succeeded", "failed", "canceled"])) {
    const wait = after([stored(1_000, { expected_at: at(9_000) }), 1_000], [stored(9_000, { status }), 9_000]);
    assert.deepEqual([wait.since, wait.endsAt], [null, null]);
  }
});

test("an estimate that moves a little does not move what is shown", () => {
  const wait = after(
    [stored(0, { expected_at: at(40_000) }), 0],
    [stored(1_000, { expected_at: at(44_000) }), 1_000],
    [stored(2_000, { expected_at: at(36_000) }), 2_000],
  );
  assert.equal(wait.endsAt, T0 + 40_000);
});

test("an estimate that is plainly another one is shown", () => {
  const wait = after(
    [stored(0, { expected_at: at(40_000) }), 0],
    [stored(1_000, { expected_at: at(70_000) }), 1_000],
  );
  assert.equal(wait.endsAt, T0 + 70_000);
});

test("an estimate that is taken back is no longer shown", () => {
  const wait = after([stored(0, { expected_at: at(40_000) }), 0], [stored(1_000, { expected_at: null }), 1_000]);
  assert.equal(wait.endsAt, null);
});

test("a clock that is an hour behind still counts down from the right number", () => {
  const hour = 3_600_000;
  const wait = after([stored(0, { expected_at: at(40_000) }), -hour]);
  assert.equal(wait.endsAt, T0 - hour + 40_000);
});

test("a clock that is an hour ahead is found out by the first live event", () => {
  const hour = 3_600_000;
  const wait = after(
    [stored(0, { expected_at: at(40_000) }), hour],
    [stored(1_000, { expected_at: at(40_000) }), hour + 1_000],
  );
  assert.equal(wait.endsAt, T0 + hour + 40_000);
});

test("an old snapshot is not taken for a clock that is ahead", () => {
  const wait = after([stored(0, { expected_at: at(90_000) }), 60_000]);
  assert.equal(wait.endsAt, T0 + 90_000);
});

test("the unknown is remembered from its first moment, and forgotten when the job appears", () => {
  assert.equal(after([without("unknown"), 0], [without("unknown"), 5_000]).unknownSince, T0);
  assert.equal(after([without("unknown"), 0], [known(), 5_000]).unknownSince, null);
});
