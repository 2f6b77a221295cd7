import assert from "node:assert/strict";
import test from "node:test";

import { LimnerError, retryAfter } from "../../../web/client/errors.js";

const NOW = Date.parse("2026-11-20T10:00:00Z");

/**
 * @param {number} status
 * @param {string} text
 * @param {Record<string, string>} [headers]
 */
function answer(status, text, headers = {}) {
  return { status, statusText: "Nope", headers: new Headers(headers), text };
}

test("an error carries what the server's problem says", () => {
  const errors = [{ field: "count", message: "must be 1 to 10" }];
  const problem = { type: "about:blank", title: "Invalid input", status: 422, detail: "One field is wrong.", errors };
  const error = LimnerError.from(answer(422, JSON.stringify(problem)), NOW);
  assert.ok(error instanceof Error);
  assert.deepEqual(
    [error.name, error.message, error.status, error.title, error.detail, error.errors],
    ["LimnerError", "One field is wrong.", 422, "Invalid input", "One field is wrong.", errors],
  );
});

test("an answer that is no problem document still makes a sentence", () => {
  assert.equal(LimnerError.from(answer(500, "<html>"), NOW).message, "Nope");
  assert.equal(LimnerError.from({ ...answer(500, ""), statusText: "" }, NOW).message, "The server answered 500.");
  assert.deepEqual(LimnerError.from(answer(400, '{"errors":[7,{"field":1}]}'), NOW).errors, [
    { field: "", message: "" },
  ]);
});

test("what may succeed later, unchanged, is told apart", () => {
  const temporary = [0, 400, 403, 404, 409, 410, 413, 415, 422, 429, 500, 502, 503, 504].filter(
    (status) => new LimnerError({ status }).temporary,
  );
  assert.deepEqual(temporary, [0, 429, 502, 503, 504]);
});

test("Retry-After is understood in seconds and as a date", () => {
  const values = ["7", "0", "1.5", "Fri, 20 Nov 2026 10:00:30 GMT", "Fri, 20 Nov 2026 09:00:00 GMT", "soon", "-3"];
  const waits = values.map((value) => retryAfter(answer(503, "", { "Retry-After": value }), NOW));
  assert.deepEqual(waits.slice(0, 6), [7_000, 0, 1_500, 30_000, 0, null]);
  assert.equal(retryAfter(answer(503, ""), NOW), null);
});
