import assert from "node:assert/strict";
import { test } from "node:test";
import { rowsOf, summaryOf } from "../../../../web/elements/tray/rows.js";
import { defaultWords } from "../../../../web/elements/words.js";
import { A, B, idOf, job } from "../../client/support/records.js";
import { at } from "../support/jobs.js";
import { tab } from "../support/tray.js";

/** @import { Job } from "../../../../web/client/types.js" */

/** @param {...Job} jobs  newest last */
async function rows(...jobs) {
  const { tasks } = await tab({ active: jobs.toReversed() });
  return rowsOf(tasks.all, defaultWords);
}

test("a row tells the place, the stage and the progress", async () => {
  const [waiting, working] = await rows(
    job(A, 5, { status: "queued", queue_position: 3, progress: 0 }),
    job(B, 6, { progress: 0.426, stage: "painting the face" }),
  );
  assert.deepEqual([waiting?.state, waiting?.line, waiting?.percent], ["waiting", "2 ahead of you", null]);
  assert.deepEqual([working?.state, working?.line, working?.percent], ["working", "painting the face", 42]);
  assert.deepEqual([waiting?.action, working?.action], ["stop", "stop"]);
});

test("a row that waits still when it was to be finished promises nothing, nor does the tray", async () => {
  const overdue = "1960-01-01T00:00:00.000Z";
  const shown = await rows(job(A, 5, { status: "queued", queue_position: 1, expected_at: overdue }));
  assert.deepEqual([shown[0]?.line, shown[0]?.endsAt], ["Next in line", null]);
  assert.equal(summaryOf(shown, defaultWords, 0), "1 waiting");
});

test("rows keep the order in which their jobs were submitted", async () => {
  const ids = (await rows(job(A, 9), job(B, 5), job(idOf(1), 7))).map(({ id }) => id);
  assert.deepEqual(ids, [A, B, idOf(1)]);
});

test("what has no name is called by its kind", async () => {
  const shown = await rows(job(A, 5), job(B, 5, { kind: "characters" }), job(idOf(1), 5, { kind: "video" }));
  assert.deepEqual(shown.map(({ label }) => label), ["Portrait", "Characters", "Video"]);
});

test("a failure tells its reason and what can be done", async () => {
  const { tasks, say } = await tab({ active: [job(A, 5), job(B, 5)] });
  const error = { code: /** @type {const} */ ("moderated"), message: "Not this.", retryable: false };
  say(job(A, 6, { status: "failed", finished_at: at(6), error }));
  say(job(B, 6, { status: "failed", finished_at: at(6), error: { ...error, retryable: true } }));
  const shown = rowsOf(tasks.all, defaultWords);
  assert.deepEqual(shown.map(({ id, line, action }) => [id, line, action]), [
    [B, "Not this.", "retry"],
    [A, "Not this.", "change"],
  ]);
});

test("what the server would not do is said where it was asked for", async () => {
  const { tasks } = await tab({ active: [job(A, 5)] });
  Object.assign(tasks.get(A) ?? {}, { refusal: "Only its owner may do that." });
  assert.equal(rowsOf(tasks.all, defaultWords)[0]?.line, "Only its owner may do that.");
});

test("a picture on its way is no longer in progress, and nothing to stop", async () => {
  const { tasks, say, pictureArrives } = await tab({ active: [job(A, 5)] });
  say(job(A, 6, { status: "succeeded", finished_at: at(6), result: { url: "/p" } }));
  const row = () => rowsOf(tasks.all, defaultWords)[0];
  assert.deepEqual([row()?.line, row()?.action], ["Done, on its way here", null]);
  await pictureArrives(false);
  assert.deepEqual([row()?.line, row()?.action], ["The picture did not arrive", "reload"]);
});

test("the summary counts, and tells the end of the last only where each is known", async () => {
  const all = await rows(job(A, 5), job(B, 5, { status: "queued" }));
  assert.equal(summaryOf(all, defaultWords, 0), "1 in progress · 1 waiting");
  const [first, second] = all;
  assert.ok(first && second);
  const known = [{ ...first, endsAt: 12_000 }, { ...second, endsAt: 40_000 }];
  assert.equal(summaryOf(known, defaultWords, 0), "1 in progress · 1 waiting · about 40 s");
  assert.equal(summaryOf([{ ...first, endsAt: 12_000 }, second], defaultWords, 0), "1 in progress · 1 waiting");
  assert.equal(summaryOf([{ ...first, state: "failed" }], defaultWords, 0), "1 failed");
});
