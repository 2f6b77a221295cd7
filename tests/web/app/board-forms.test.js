import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, reasonOf, wantedOf } from "../../../web/app/board-forms.js";
import { LimnerError } from "../../../web/client/errors.js";

/** @param {Record<string, string>} fields */
function form(fields) {
  const data = new FormData();
  for (const [name, value] of Object.entries(fields)) data.set(name, value);
  return data;
}

test("another portrait is asked for with nothing but what is not as it was", () => {
  const character = { appearance: "grey braid" };
  assert.deepEqual(wantedOf(form({ description: "grey braid ", seed: "" }), character), {});
  assert.deepEqual(wantedOf(form({ description: "", seed: "0" }), character), { seed: 0 });
  assert.deepEqual(wantedOf(form({ description: "in red", seed: "7" }), character), { seed: 7, description: "in red" });
});

test("of a character only what was changed is sent, and the line ends of a form are no change", () => {
  const character = { name: "Odo", backstory: "One.\nTwo." };
  assert.deepEqual(changesOf(form({ name: "Odo", backstory: "One.\r\nTwo." }), character), {});
  assert.deepEqual(changesOf(form({ name: " Oda ", backstory: "One.\nTwo." }), character), { name: "Oda" });
  assert.deepEqual(changesOf(form({ name: "Odo", backstory: "" }), character), { backstory: "" });
  assert.deepEqual(changesOf(form({ name: "Odo", backstory: "" }), { name: "Odo", backstory: null }), {});
});

test("a refusal names the fields that it is about", () => {
  const errors = [{ field: "name", message: "is too long" }];
  assert.equal(reasonOf(new LimnerError({ status: 422, title: "No", errors })), "name: is too long");
  assert.equal(reasonOf(new LimnerError({ status: 403, title: "Not yours." })), "Not yours.");
  assert.throws(() => reasonOf(new TypeError("a fault of ours")), TypeError);
});
