import assert from "node:assert/strict";
import { test } from "node:test";
import { markOf } from "../../../../web/elements/tray/tab-mark.js";

const none = { unfinished: 0, succeeded: 0, failed: 0 };

test("a tab counts what is on its way", () => {
  assert.equal(markOf({ ...none, unfinished: 3, succeeded: 2, failed: 1 })?.prefix, "(3) ");
});

test("when nothing is on its way, it tells a failure before a success", () => {
  assert.equal(markOf({ ...none, succeeded: 2, failed: 1 })?.glyph, "!");
  assert.equal(markOf({ ...none, succeeded: 2 })?.glyph, "✓");
});

test("with nothing to tell it is left alone", () => {
  assert.equal(markOf(none), null);
});

test("what does not fit on an icon is not put there", () => {
  assert.equal(markOf({ ...none, unfinished: 100 })?.glyph, "…");
});
