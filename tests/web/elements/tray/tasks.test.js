import assert from "node:assert/strict";
import { test } from "node:test";
import { settled } from "../../client/support/clock.js";
import { json, noNetwork } from "../../client/support/fake-http.js";
import { A, B, idOf, job } from "../../client/support/records.js";
import { at } from "../support/jobs.js";
import { FakeStorage } from "../support/storage.js";
import { tab } from "../support/tray.js";

/** @import { Job } from "../../../../web/client/types.js" */

const NAMED = { metadata: { name: "Mira" } };
const PICTURE = { url: "/temp-portraits/a/image?v=9" };

/**
 * @param {number} version
 * @param {Partial<Job>} [changes]
 */
const queued = (version, changes) => job(A, version, { status: "queued", ...NAMED, ...changes });
/** @param {number} version */
const painting = (version) => job(A, version, NAMED);
/** @param {number} version */
const painted = (version) => job(A, version, { status: "succeeded", finished_at: at(9), result: PICTURE, ...NAMED });
/** @param {number} version */
const failed = (version) => job(A, version, { status: "failed", finished_at: at(version), ...NAMED });

test("what is submitted here is told from its acceptance on", async () => {
  const { client, server, tell, say } = await tab();
  server.handler = () => json(queued(5), { status: 202 });
  await client.submit("portrait", { id: A, description: "a dwarf" });
  assert.deepEqual(tell(), ["Mira: queued"]);
  say(painting(6));
  say({ ...painting(7), progress: 0.9 });
  assert.deepEqual([tell(), tell()], [["Mira: processing"], []]);
});

test("a picture is told only when it is here", async () => {
  const { tasks, tell, say, pictureArrives } = await tab({ active: [painting(6)] });
  say(painted(9));
  assert.deepEqual([tell(), tasks.all.length], [[], 1]);
  await pictureArrives(true);
  assert.deepEqual([tell(), tasks.all.length], [["Mira: succeeded"], 0]);
});

test("a picture that does not arrive is not told, and may be fetched again", async () => {
  const { tasks, tell, say, loads, pictureArrives } = await tab({ active: [painting(6)] });
  say(painted(9));
  await pictureArrives(false);
  assert.deepEqual([tell(), tasks.get(A)?.picture.lost, loads()], [[], true, 1]);
  void tasks.get(A)?.fetchPicture({ again: true });
  await pictureArrives(true);
  assert.deepEqual(tell(), ["Mira: succeeded"]);
});

test("who comes in the middle is told what happens from then on", async () => {
  const { tasks, tell, say } = await tab({ active: [painting(6)] });
  assert.deepEqual([tell(), tasks.all.map(({ id }) => id)], [[], [A]]);
  say(failed(9));
  assert.deepEqual(tell(), ["Mira: failed"]);
});

test("a reload repeats nothing", async () => {
  const before = await tab({ active: [queued(5)] });
  before.say(painting(6));
  assert.deepEqual(before.tell(), ["Mira: processing"]);
  before.close();
  const after = await tab({ storage: before.storage, active: [painting(6)] });
  assert.deepEqual([after.tell(), after.tasks.all.length], [[], 1]);
});

test("what ended while no tab was open is told when one is opened", async () => {
  const before = await tab({ active: [painting(6)] });
  before.close();
  const later = await tab({ storage: before.storage });
  later.say(painted(9));
  await later.pictureArrives(true);
  assert.deepEqual(later.tell(), ["Mira: succeeded"]);
  later.close();
  const last = await tab({ storage: before.storage });
  assert.deepEqual(last.tasks.all, []);
});

test("two tabs tell it once", async () => {
  const storage = new FakeStorage();
  const [one, other] = [await tab({ storage, active: [painting(6)] }), await tab({ storage, active: [painting(6)] })];
  await one.clock.advance(1_000);
  for (const { say } of [one, other]) say(failed(9));
  assert.deepEqual([one.tell(), other.tell()], [["Mira: failed"], []]);
});

test("a tab that hears of an end later than another one does not tell the state before it again", async () => {
  const storage = new FakeStorage();
  const [one, other] = [await tab({ storage, active: [painting(6)] }), await tab({ storage, active: [painting(6)] })];
  await one.clock.advance(1_000);
  await other.clock.advance(1_000);
  for (const { say } of [one, other]) say(painting(7));
  one.say(failed(9));
  assert.deepEqual([one.tell(), other.tell(), one.tell(), other.tell()], [["Mira: failed"], [], [], []]);
  other.say(failed(9));
  assert.deepEqual([other.tell(), one.tell()], [[], []]);
});

test("a tab that meets a job later than another one does not make it forget what was told", async () => {
  const one = await tab({ active: [queued(5)] });
  one.say(painting(6));
  assert.deepEqual(one.tell(), ["Mira: processing"]);
  const other = await tab(); // the storage of another process is behind
  await other.clock.advance(1_000);
  other.server.handler = () => json(painting(6), { status: 202 });
  await other.client.submit("portrait", { id: A });
  const key = other.storage.key(0) ?? "";
  one.storage.setItem(key, other.storage.getItem(key) ?? "");
  one.tasks.noted(key);
  assert.deepEqual(one.tell(), []);
});

test("what another tab submits is followed here", async () => {
  const storage = new FakeStorage();
  const [one, other] = [await tab({ storage }), await tab({ storage })];
  one.server.handler = () => json(queued(5), { status: 202 });
  await one.client.submit("portrait", { id: A });
  other.tasks.noted(storage.key(0));
  assert.deepEqual(other.tasks.all.map(({ id }) => id), [A]);
});

test("the portraits of a set are followed under their characters' names", async () => {
  const { tasks, say } = await tab({ active: [job(B, 5, { kind: "characters" })] });
  const mira = { id: "1", name: "Mira", race: "elf", class: "bard", traits: [], stats: {}, backstory: "", portrait: A };
  say(job(B, 6, { kind: "characters", result: { characters: [mira] } }));
  assert.deepEqual([tasks.get(A)?.label, tasks.get(A)?.entry.set], ["Mira", B]);
});

test("what is only put away, or removed, is no task: the portrait that it is about was told", async () => {
  const { tasks, storage, tell } = await tab({
    active: [job(B, 7, { kind: "upload" }), painting(6), job(idOf(1), 5, { kind: "removal" })],
  });
  assert.deepEqual([tasks.all.map(({ id }) => id), tell(), storage.length], [[A], [], 1]);
});

test("a video is told when its poster is here", async () => {
  const { tasks, tell, say, pictureArrives } = await tab({ active: [job(A, 6, { kind: "video", ...NAMED })] });
  const result = { url: "/objects/v.mp4", poster: "/objects/v.jpg", content_type: "video/mp4" };
  say(job(A, 9, { kind: "video", status: "succeeded", finished_at: at(9), result, ...NAMED }));
  assert.deepEqual([tell(), tasks.get(A)?.picture.path], [[], "/objects/v.jpg"]);
  await pictureArrives(true);
  assert.deepEqual(tell(), ["Mira: succeeded"]);
});

test("a failure stays until it is put away", async () => {
  const { tasks, tell, say } = await tab({ active: [painting(6)] });
  say(failed(9));
  tell();
  const task = tasks.get(A);
  assert.ok(task);
  tasks.dismiss(task);
  assert.deepEqual(tasks.all, []);
});

test("what is tried again comes back, however settled it was", async () => {
  const { client, server, tasks, tell, say } = await tab({ active: [painting(6)] });
  say(job(A, 9, { status: "canceled", finished_at: at(9), ...NAMED }));
  assert.deepEqual([tell(), tasks.all], [["Mira: canceled"], []]);
  server.handler = () => json(queued(10));
  await client.retry(A);
  assert.deepEqual(tell(), ["Mira: queued"]);
});

test("a job that was retried elsewhere is found as unfinished", async () => {
  const before = await tab({ active: [painting(6)] });
  before.say(job(A, 9, { status: "canceled", finished_at: at(9), ...NAMED }));
  before.tell();
  before.close();
  const after = await tab({ storage: before.storage, active: [painting(12)] });
  assert.deepEqual([after.tasks.all.length, after.tell()], [1, ["Mira: processing"]]);
});

test("what is no longer kept goes, and is not followed again", async () => {
  const { tasks, storage, tell, say, expire, close } = await tab({ active: [painting(6)] });
  say(painting(7));
  expire(A);
  assert.deepEqual([tell(), tasks.all], [[": gone"], []]);
  close();
  assert.deepEqual((await tab({ storage })).tasks.all, []);
});

test("a server that cannot be asked is asked again", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { server, tasks } = await tab();
  server.handler = noNetwork;
  await tasks.find();
  server.handler = () => json({ jobs: [painting(6)] });
  t.mock.timers.tick(10_000);
  await settled();
  assert.deepEqual(tasks.all.map(({ id }) => id), [A]);
  tasks.close();
});
