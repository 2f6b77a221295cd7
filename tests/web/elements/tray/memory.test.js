import assert from "node:assert/strict";
import { test } from "node:test";
import { KEEP_MS, MOST, Memory } from "../../../../web/elements/tray/memory.js";
import { entry } from "../support/entries.js";
import { FakeStorage } from "../support/storage.js";

const SERVER = "https://limner.test/";

test("what one tab notes another one reads", () => {
  const storage = new FakeStorage();
  new Memory(storage, SERVER).put("a", entry({ label: "Mira", told: "queued" }));
  assert.deepEqual(new Memory(storage, SERVER).get("a"), entry({ label: "Mira", told: "queued" }));
});

test("the newer of what this tab knows and what another one has noted counts", () => {
  const storage = new FakeStorage();
  const [here, there] = [new Memory(storage, SERVER), new Memory(storage, SERVER)];
  here.put("a", entry({ told: "queued", at: 1 }));
  there.put("a", entry({ told: "processing", at: 2 }));
  assert.equal(here.get("a")?.told, "processing");
});

test("another server's jobs are others", () => {
  const storage = new FakeStorage();
  new Memory(storage, SERVER).put("a", entry());
  const other = new Memory(storage, "https://limner.test/other/");
  assert.deepEqual([other.get("a"), other.ids(1_000)], [null, []]);
});

test("a change of the storage names the job that it is about", () => {
  const storage = new FakeStorage();
  const memory = new Memory(storage, SERVER);
  memory.put("a", entry());
  assert.deepEqual([memory.idIn(storage.key(0)), memory.idIn("theme"), memory.idIn(null)], ["a", null, null]);
});

test("what is too old or too much is forgotten, and nobody else's items are touched", () => {
  const storage = new FakeStorage();
  storage.setItem("theme", "dark");
  const memory = new Memory(storage, SERVER);
  for (let at = 0; at <= MOST + 1; at += 1) memory.put(`job-${at}`, entry({ at: KEEP_MS + at }));
  memory.put("old", entry({ at: 0 }));
  const ids = memory.ids(KEEP_MS + 1);
  assert.deepEqual([ids.length, ids[0], ids.at(-1)], [MOST, "job-2", `job-${MOST + 1}`]);
  assert.deepEqual([storage.length, storage.getItem("theme")], [MOST + 1, "dark"]);
});

test("without a storage, or without room in it, this tab still knows", () => {
  const full = new FakeStorage();
  full.full = true;
  for (const storage of [null, full]) {
    const memory = new Memory(storage, SERVER);
    memory.put("a", entry({ told: "queued" }));
    assert.equal(memory.get("a")?.told, "queued");
    assert.deepEqual(memory.ids(1_000), []);
  }
});

test("what is no entry is none", () => {
  const storage = new FakeStorage();
  const memory = new Memory(storage, SERVER);
  memory.put("a", entry());
  const key = storage.key(0) ?? "";
  for (const text of ["", "nonsense", "null", "7"]) {
    storage.setItem(key, text);
    assert.equal(new Memory(storage, SERVER).get("a"), null);
  }
  storage.setItem(key, '{"told":"exploded","at":"never"}');
  assert.deepEqual(new Memory(storage, SERVER).get("a"), entry({ at: 0 }));
});
