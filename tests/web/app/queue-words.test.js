import assert from "node:assert/strict";
import { test } from "node:test";
import {
  headingOf,
  leasesOf,
  percentOf,
  retriedOf,
  sinceOf,
  spanOf,
  summaryOf,
  takesOf,
  titleOf,
  untilOf,
  usualOf,
  workerOf,
} from "../../../web/app/queue-words.js";

/** @import { KindRow, QueueState } from "../../../web/app/queue-server.js" */

const NOW = Date.parse("2026-11-20T10:01:05.000Z");

/** @type {KindRow} */
const ROW = { kind: "portrait", provider: "painter", waiting: 0, running: 0, failed: 0, waits_since: null, seconds: null };

/** @type {QueueState["workers"][number]} */
const WORKER = {
  name: "atelier:7:cafe",
  host: "atelier",
  pid: 7,
  started_at: "2026-11-20T10:00:00.000Z",
  running: 1,
  kinds: { portrait: { provider: "painter", at_once: 1 }, characters: { provider: "grammar", at_once: 4 } },
  leases: [{ job: "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55", lease_until: "2026-11-20T10:01:13.000Z" }],
};

/**
 * @param {Partial<QueueState>} [fields]
 * @returns {QueueState}
 */
const state = (fields = {}) => ({
  kinds: [],
  delayed: 0,
  running: [],
  waiting: [],
  failed: [],
  workers: [],
  providers: [],
  webhooks: [],
  ...fields,
});

test("a span has its two largest units", () => {
  assert.deepEqual(
    [-5_000, 0, 59_400, 60_000, 61_000, 3_600_000, 3_725_000, 90_000_000].map(spanOf),
    ["0 s", "0 s", "59 s", "1 min", "1 min 1 s", "1 h", "1 h 2 min", "1 d 1 h"],
  );
});

test("a time that is not known is no span", () => {
  assert.equal(sinceOf(null, NOW), "");
  assert.equal(sinceOf("2026-11-20T10:00:00.000Z", NOW), "1 min 5 s");
  assert.equal(untilOf("2026-11-20T10:01:13.000Z", NOW), "8 s");
  assert.equal(untilOf("2026-11-20T10:00:00.000Z", NOW), "0 s");
});

test("progress is never rounded up to a whole that is not there", () => {
  assert.equal(percentOf(0.999), "99 %");
  assert.equal(percentOf(1), "100 %");
});

test("nothing that waits is said plainly", () => {
  assert.equal(summaryOf(state()), "Nothing waits, nothing runs, nothing failed; no workers.");
  assert.equal(titleOf(state()), "The queue – Limner");
});

test("the summary and the title count what is there", () => {
  const kinds = [{ ...ROW, waiting: 2, running: 1 }, { ...ROW, kind: "characters", waiting: 1, running: 1, failed: 1 }];
  const busy = state({ kinds, delayed: 1, workers: [WORKER] });
  assert.equal(summaryOf(busy), "3 wait (1 of them for a time), 2 run, 1 failed; 1 worker.");
  assert.equal(titleOf(busy), "3 waiting · 1 failed · The queue – Limner");
});

test("a heading says where not all are listed", () => {
  assert.equal(headingOf("Waiting", 0, 0), "Waiting");
  assert.equal(headingOf("Waiting", 3, 3), "Waiting: 3");
  assert.equal(headingOf("Waiting", 300, 100), "Waiting: 300, of which 100 are listed");
});

test("what a row usually takes is told where it is known", () => {
  assert.equal(usualOf(ROW), "");
  assert.equal(usualOf({ ...ROW, seconds: { p50: 2.4, p90: 75 } }), "2 s, nine of ten 1 min 15 s");
});

test("a worker is called by where it is, and one that is not there by its name", () => {
  assert.equal(workerOf(state({ workers: [WORKER] }), "atelier:7:cafe"), "atelier 7");
  assert.equal(workerOf(state(), "atelier:7:cafe"), "atelier:7:cafe");
  assert.equal(workerOf(state(), null), "");
  assert.equal(takesOf(WORKER), "1 × portrait, 4 × characters");
  assert.equal(leasesOf(WORKER, NOW), "0b8b8b0e 8 s");
});

test("what became of retrying all is told in full", () => {
  assert.equal(retriedOf({ retried: [], left: [] }), "No jobs are tried again.");
  assert.equal(retriedOf({ retried: ["a"], left: [] }), "One job is tried again.");
  assert.equal(retriedOf({ retried: ["a", "b"], left: [{}] }), "2 jobs are tried again. 1 stay as they are.");
});
