import assert from "node:assert/strict";
import test from "node:test";

import { isFinal, isJob, known, loading, missing, versionOf } from "../../../web/client/records.js";
import { A, job } from "./support/records.js";
import { vectors } from "./support/vectors.js";

for (const { name, final, record } of vectors.records) {
  test(`a record that is ${name} is understood`, () => {
    assert.ok(isJob(record));
    assert.equal(isFinal(record), final);
  });
}

test("what is no record is told apart", () => {
  const good = job(A, 7);
  const bad = [null, "job", [], {}, { ...good, version: "7" }, { ...good, version: 1.5 }, { ...good, status: "done" }];
  assert.deepEqual(bad.filter(isJob), []);
});

test("a record with a field of a newer server is understood", () => {
  assert.ok(isJob({ ...job(A, 7), mood: "fine" }));
});

test("states are frozen, and so is the record in them", () => {
  const state = known(job(A, 7));
  assert.ok(Object.isFrozen(state) && Object.isFrozen(state.job));
  assert.ok(Object.isFrozen(loading(A)) && Object.isFrozen(missing(A, true)));
});

test("the version of what is not known is 0", () => {
  assert.deepEqual([versionOf(known(job(A, 7))), versionOf(loading(A)), versionOf(missing(A, false))], [7, 0, 0]);
});
