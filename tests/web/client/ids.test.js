import assert from "node:assert/strict";
import test from "node:test";

import { newJobId, parseJobId } from "../../../web/client/ids.js";
import { vectors } from "./support/vectors.js";

for (const { text, id } of vectors.ids) {
  test(`"${text}" is ${id === null ? "no id" : "an id"}`, () => {
    assert.equal(parseJobId(text), id);
  });
}

test("new ids are canonical version 4 UUIDs, and all different", () => {
  const ids = Array.from({ length: 1_000 }, newJobId);
  for (const id of ids) assert.equal(parseJobId(id), id);
  assert.equal(new Set(ids).size, ids.length);
});
