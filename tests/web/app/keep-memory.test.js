import assert from "node:assert/strict";
import { test } from "node:test";
import { KeepMemory } from "../../../web/app/keep-memory.js";
import { FakeStorage } from "../elements/support/storage.js";

const KEPT = { set: "s1", id: "w1", name: "The night market" };

/** @param {Storage | null} storage */
function memory(storage) {
  return new KeepMemory(storage, () => `key ${(made += 1)}`);
}
let made = 0;

for (const [words, storage] of /** @type {const} */ ([["a storage", new FakeStorage()], ["no storage", null]])) {
  test(`with ${words} the same has the same key until it was kept`, () => {
    const here = memory(storage);
    const key = here.keyOf("one");
    assert.equal(here.keyOf("one"), key);
    here.succeeded(KEPT);
    assert.notEqual(here.keyOf("one"), key);
  });
}

test("what was changed has another key", () => {
  const here = memory(new FakeStorage());
  assert.notEqual(here.keyOf("one"), here.keyOf("another"));
});

test("a reload forgets neither the key nor what was kept", () => {
  const storage = new FakeStorage();
  const before = memory(storage);
  before.succeeded(KEPT);
  const key = before.keyOf("one");
  assert.equal(memory(storage).keyOf("one"), key);
  assert.deepEqual(memory(storage).worldOf("s1"), KEPT);
  assert.equal(memory(storage).worldOf("s2"), null);
});

test("a world that is gone is not offered any more", () => {
  const here = memory(new FakeStorage());
  here.succeeded(KEPT);
  here.succeeded({ set: "s2", id: "w2", name: "The salt court" });
  here.forget("w1");
  assert.equal(here.worldOf("s1"), null);
  assert.equal(here.worldOf("s2")?.id, "w2");
});

test("of a set that was kept twice the later world is remembered", () => {
  const here = memory(new FakeStorage());
  here.succeeded(KEPT);
  here.succeeded({ ...KEPT, id: "w2" });
  assert.equal(here.worldOf("s1")?.id, "w2");
});

test("a storage that is full or holds nonsense does no harm", () => {
  const storage = new FakeStorage();
  storage.setItem("limner-keep", "{");
  storage.setItem("limner-kept", '[1, {"set": "s1"}]');
  storage.full = true;
  const here = memory(storage);
  assert.equal(here.worldOf("s1"), null);
  assert.equal(here.keyOf("one"), here.keyOf("one"));
});
