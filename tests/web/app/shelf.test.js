import assert from "node:assert/strict";
import { test } from "node:test";
import { appended, nextLookOf, renewed } from "../../../web/app/shelf.js";
import { world } from "./support/worlds.js";

/** @import { Shelf } from "../../../web/app/shelf.js" */

const NOW = Date.parse("2026-11-20T12:00:00Z");

/**
 * @param {string} ids  a letter each
 * @param {string | null} next
 * @returns {{worlds: import("../../../web/app/world-calls.js").ListedWorld[], next: string | null}}
 */
const page = (ids, next = null) => ({ worlds: [...ids].map((id) => world({ id })), next });

/** @param {Shelf} shelf */
const told = ({ worlds, next }) => [worlds.map(({ id }) => id).join(""), next];

test("the next page comes after what is there, and nothing twice", () => {
  assert.deepEqual(told(appended(page("fed", "d"), page("dcb", "b"))), ["fedcb", "b"]);
  assert.deepEqual(told(appended(page("fed", "d"), page(""))), ["fed", null]);
});

test("a look at the first page keeps the older ones that follow it", () => {
  assert.deepEqual(told(renewed(page("fedcb", "b"), page("gfe", "e"))), ["gfedcb", "b"]);
});

test("what is gone from the first page goes", () => {
  assert.deepEqual(told(renewed(page("fedcb", "b"), page("fdc", "c"))), ["fdcb", "b"]);
  assert.deepEqual(told(renewed(page("fed", null), page("fd"))), ["fd", null]);
  assert.deepEqual(told(renewed(page("fedcb", "b"), page("fed"))), ["fed", null]);
});

test("where the older ones no longer follow, one begins again", () => {
  assert.deepEqual(told(renewed(page("ba", null), page("zyx", "x"))), ["zyx", "x"]);
  assert.deepEqual(told(renewed(page("fed", "d"), page("fed", "other"))), ["fed", "other"]);
});

test("while a portrait is on its way one looks again, less and less often", () => {
  const young = { worlds: [world({ portraits: 2, created_at: "2026-11-20T11:30:00Z" })], next: null };
  assert.equal(nextLookOf(young, null, NOW), 4_000);
  assert.equal(nextLookOf(young, 4_000, NOW), 6_000);
  assert.equal(nextLookOf(young, 59_000, NOW), 60_000);
});

test("nothing is looked for where every portrait is there, or has been missing for long", () => {
  const old = world({ portraits: 2, created_at: "2026-11-20T10:30:00Z" });
  const whole = world({ created_at: "2026-11-20T11:30:00Z" });
  assert.equal(nextLookOf({ worlds: [old, whole], next: null }, null, NOW), null);
});
