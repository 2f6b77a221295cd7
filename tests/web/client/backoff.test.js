import assert from "node:assert/strict";
import test from "node:test";

import { backoff, growingInterval } from "../../../web/client/backoff.js";

const NEARLY_ONE = 0.999999;

test("the bound starts at half a second, doubles, and stays at twenty seconds", () => {
  const bounds = [0, 1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => Math.ceil(backoff(attempt, NEARLY_ONE) / 100) * 100);
  assert.deepEqual(bounds, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 20_000, 20_000, 20_000]);
});

test("the jitter is full: anything from nothing to the bound", () => {
  assert.equal(backoff(3, 0), 0);
  assert.equal(backoff(3, 0.25), 1_000);
  assert.equal(backoff(3, 0.5), 2_000);
});

test("base and cap may be others", () => {
  assert.equal(backoff(1, 0.5, { base: 100, cap: 1_000 }), 100);
  assert.equal(backoff(9, 0.5, { base: 100, cap: 1_000 }), 500);
});

test("a growing interval is never below half of its bound", () => {
  const bounds = { base: 10_000, cap: 300_000 };
  assert.equal(growingInterval(0, 0, bounds), 5_000);
  assert.equal(growingInterval(0, 0.5, bounds), 7_500);
  assert.equal(growingInterval(2, 0, bounds), 20_000);
  assert.equal(growingInterval(50, 0, bounds), 150_000);
});
