import assert from "node:assert/strict";
import { test } from "node:test";
import { countsOf, summaryOf, whenOf } from "../../../web/app/library-words.js";
import { world } from "./support/worlds.js";

const NOW = new Date(2026, 10, 20, 0, 30).getTime();

/** @param {Parameters<typeof world>[0]} fields */
const counts = (fields) => countsOf(world(fields)).replaceAll("\u00a0", " ");

test("a world tells how many there are of each", () => {
  assert.equal(counts({}), "3 characters · 3 portraits");
  assert.equal(counts({ portraits: 2, videos: 1 }), "3 characters · 2 of 3 portraits · 1 video");
  assert.equal(counts({ characters: 1, portraits: 0 }), "1 character · no portrait yet");
});

test("a line of counts breaks between them only", () => {
  assert.deepEqual(countsOf(world({ videos: 2 })).split(" · ").filter((part) => part.includes(" ")), []);
});

test("a time is told as one would say it", () => {
  /** @param {...number} parts */
  const when = (...parts) => whenOf(new Date(2026, 10, ...parts).toISOString(), NOW);
  assert.equal(when(20, 0, 5), "today, 00:05");
  assert.equal(when(19, 23, 59), "yesterday, 23:59");
  assert.equal(when(18, 23, 59), "18 November");
  assert.equal(whenOf(new Date(2025, 10, 20).toISOString(), NOW), "20 November 2025");
});

test("the summary says whether there are more", () => {
  assert.equal(summaryOf({ worlds: [], next: null }), null);
  assert.equal(summaryOf({ worlds: [world()], next: null }), "1 world");
  assert.equal(summaryOf({ worlds: [world(), world({ id: "w2" })], next: "x" }), "the newest 2 worlds");
});
