import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultWords, queueWords, setWords, timeLeftWords, words, wordsChanges } from "../../../web/elements/words.js";

test("the time left is told in steps that grow with it", () => {
  const told = [1, 8_400, 12_000, 19_001, 23_000, 71_000, 89_001, 95_000, 240_000].map((ms) => timeLeftWords(ms, defaultWords));
  assert.deepEqual(told, [
    "about 1 s",
    "about 9 s",
    "about 12 s",
    "about 20 s",
    "about 25 s",
    "about 75 s",
    "about 2 min",
    "about 2 min",
    "about 4 min",
  ]);
});

test("a time that is over is any moment now, and not for ever", () => {
  assert.equal(timeLeftWords(0, defaultWords), "any moment now");
  assert.equal(timeLeftWords(-29_000, defaultWords), "any moment now");
  assert.equal(timeLeftWords(-31_000, defaultWords), null);
});

test("the place in the queue is told as those ahead", () => {
  assert.equal(queueWords(1, defaultWords), "Next in line");
  assert.equal(queueWords(3, defaultWords), "2 ahead of you");
});

test("a page replaces some words, keeps the others, and whoever shows them is told", (t) => {
  const told = t.mock.fn();
  wordsChanges.addEventListener("change", told, { once: true });
  t.after(() => setWords(defaultWords));
  setWords({ generating: "Das Bildnis entsteht…" });
  assert.equal(words().generating, "Das Bildnis entsteht…");
  assert.equal(words().stopped, "Stopped");
  assert.equal(told.mock.callCount(), 1);
});
