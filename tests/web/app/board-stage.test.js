import assert from "node:assert/strict";
import { test } from "node:test";
import { missingOf, pauseOf, stageOf, stripOf } from "../../../web/app/board-stage.js";
import { noWait } from "../../../web/elements/wait.js";
import { defaultWords as words } from "../../../web/elements/words.js";
import { JOB, board, character, failed, live, media, painting, there } from "./support/boards.js";

/** @import { JobState } from "../../../web/client/types.js" */
/** @import { Stage } from "../../../web/app/board-stage.js" */
/** @import { BoardMedia } from "../../../web/app/world-calls.js" */

const OTHER = "11111111-1111-4111-8111-111111111111";

/** @param {JobState} state */
const situation = (state) => ({ state, wait: noWait, lostAt: null, now: 0 });

test("without news of the job the stage is the board's", () => {
  /** @type {[BoardMedia["status"], Stage][]} */
  const stages = [
    ["missing", "missing"],
    ["queued", "waiting"],
    ["processing", "making"],
    ["failed", "failed"],
    ["canceled", "stopped"],
  ];
  for (const [status, stage] of stages) assert.equal(stageOf(media({ status, job: JOB })), stage);
  assert.equal(stageOf(there), "there");
});

test("the job's own record is believed before the board", () => {
  assert.equal(stageOf(media({ status: "queued", job: JOB }), live()), "making");
  assert.equal(stageOf(painting, live({ status: "failed" })), "failed");
  assert.equal(stageOf(failed, live({ status: "queued" })), "waiting", "it was tried again elsewhere");
});

test("the record of another job says nothing, and neither does one that is gone", () => {
  assert.equal(stageOf(painting, live({ id: OTHER, status: "failed" })), "making");
  assert.equal(stageOf(failed, { id: JOB, phase: "expired", job: null }), "failed");
});

test("nothing is there before the board says where", () => {
  assert.equal(stageOf(painting, live({ status: "succeeded" })), "arriving");
  assert.equal(stageOf({ ...painting, url: "/objects/old.png" }, live({ status: "succeeded" })), "arriving");
  assert.equal(stageOf(media({ status: "succeeded", job: JOB })), "arriving");
});

test("what is being made is told with its progress, its preview and a way to stop it", () => {
  const known = { situation: situation(live()), yours: true };
  assert.deepEqual(stripOf("portrait", painting, known, words), {
    stage: "making",
    line: "Painting another…",
    detail: "Blocking in · This may take 20–30 seconds",
    percent: 42,
    preview: "data:image/jpeg;base64,AAAA",
    action: "stop",
  });
});

test("a video that is being made has no preview: it begins with the picture that hangs below", () => {
  const strip = stripOf("video", painting, { situation: situation(live()), yours: true }, words);
  assert.deepEqual([strip?.line, strip?.percent, strip?.preview], ["Making the video…", 42, null]);
});

test("what waits is told with its place in the queue", () => {
  const waiting = live({ status: "queued", queue_position: 4, progress: 0, stage: null, preview: null });
  const known = { situation: situation(waiting), yours: true };
  const strip = stripOf("portrait", media({ status: "queued", job: JOB }), known, words);
  assert.equal(strip?.detail, "3 ahead of you");
  assert.equal(strip?.percent, null);
});

test("a job nobody has heard of yet promises nothing", () => {
  const loading = situation({ id: JOB, phase: "loading", job: null });
  const strip = stripOf("video", painting, { situation: loading, yours: true }, words);
  assert.deepEqual([strip?.line, strip?.detail, strip?.percent], ["Making the video…", null, null]);
});

test("a failure tells why, and that trying again helps only where it does", () => {
  const strip = stripOf("portrait", failed, { yours: true }, words);
  assert.deepEqual([strip?.detail, strip?.action], ["Nobody paints.", "again"]);
  const refused = media({ ...failed, error: { code: "moderated", message: "Not this.", retryable: false } });
  assert.equal(stripOf("portrait", refused, { yours: true }, words)?.action, "change");
});

test("the reason that the job gives comes before the board's, which may be older", () => {
  const error = /** @type {const} */ ({ code: "timed_out", message: "Too long.", retryable: true });
  const known = { situation: situation(live({ status: "failed", error })), yours: true };
  const strip = stripOf("portrait", painting, known, words);
  assert.equal(strip?.detail, "Too long.");
});

test("that another one failed does not sound as if there were none", () => {
  assert.equal(stripOf("portrait", failed, { yours: true }, words)?.line, "The portrait could not be painted");
  const another = media({ ...failed, url: "/objects/a.png" });
  assert.equal(stripOf("portrait", another, { yours: true }, words)?.line, "The new portrait could not be painted");
});

test("guests are offered nothing but to load again what did not arrive", () => {
  for (const each of [media(), painting, failed, media({ status: "canceled", job: JOB })]) {
    assert.equal(stripOf("portrait", each, { yours: false }, words)?.action, null);
  }
  assert.equal(stripOf("portrait", there, { yours: false, lost: true }, words)?.action, "reload");
});

test("nothing stands over a picture that is there, or was stopped from being replaced, and a missing video is no news", () => {
  assert.equal(stripOf("portrait", there, { yours: true }, words), null);
  assert.equal(stripOf("portrait", media({ ...there, status: "canceled" }), { yours: true }, words), null);
  assert.equal(stripOf("video", media(), { yours: true }, words), null);
});

test("missing is what is neither there nor being made, and for a video what a portrait is there for", () => {
  const all = board(
    character({ portrait: there }),
    character({ portrait: painting }),
    character({ portrait: failed }),
    character(),
    character({ portrait: there, video: painting }),
    character({ portrait: there, video: failed }),
  );
  assert.equal(missingOf(all, "portrait"), 2);
  assert.equal(missingOf(all, "video"), 3);
});

test("what is made and not kept yet is not missing", () => {
  assert.equal(missingOf(board(character({ portrait: media({ status: "succeeded", job: JOB }) })), "portrait"), 0);
});

test("a board is asked for sooner the more is going on, and ever more rarely where nobody answers", () => {
  const quiet = { arriving: false, hidden: false, failures: 0 };
  const [still, moving] = [board(character({ portrait: there })), board(character({ portrait: painting }))];
  assert.ok(pauseOf(moving, { ...quiet, arriving: true }) < pauseOf(moving, quiet));
  assert.ok(pauseOf(moving, quiet) < pauseOf(still, quiet));
  assert.ok(pauseOf(moving, quiet) < pauseOf(moving, { ...quiet, hidden: true }));
  assert.equal(pauseOf(board(character({ portrait: { ...there, kept: false } })), quiet), pauseOf(moving, quiet));
  const pauses = [1, 2, 3, 9].map((failures) => pauseOf(null, { ...quiet, failures }));
  assert.deepEqual(pauses, [1_000, 2_000, 4_000, 15_000]);
});
