import assert from "node:assert/strict";
import { test } from "node:test";
import { briefOf, sceneOf } from "../../../web/app/scene.js";
import { job, known, without } from "../elements/support/jobs.js";
import { character } from "./support/characters.js";

const ada = character({ id: "a", name: "Ada" });
const brom = character({ id: "b", name: "Brom" });
const brief = { theme: "the salt court", count: 3 };

test("a link that is opened waits for one card until something is known", () => {
  const scene = sceneOf(without("loading"), null, []);
  assert.deepEqual([scene.phase, scene.awaited], ["opening", 1]);
});

test("what this page just asked for has all its places at once, before the server knows of it", () => {
  for (const phase of /** @type {const} */ (["loading", "unknown"])) {
    const scene = sceneOf(without(phase), brief, []);
    assert.deepEqual([scene.phase, scene.awaited], ["writing", 3]);
  }
});

test("each written character takes one of the places", () => {
  const scene = sceneOf(known({ status: "processing", result: { characters: [ada] } }), brief, []);
  assert.deepEqual([scene.phase, scene.characters, scene.awaited], ["writing", [ada], 2]);
});

test("a page that did not ask learns the number of places from the job's metadata", () => {
  const scene = sceneOf(known({ status: "processing", metadata: { ...brief }, result: { characters: [ada] } }), null, []);
  assert.equal(scene.awaited, 2);
});

test("without metadata one more is awaited as long as the writing goes on", () => {
  assert.equal(sceneOf(known({ status: "processing", result: { characters: [ada, brom] } }), null, []).awaited, 1);
});

test("a set that is written awaits nobody", () => {
  const scene = sceneOf(known({ status: "succeeded", result: { characters: [ada, brom] } }), brief, []);
  assert.deepEqual([scene.phase, scene.awaited], ["complete", 0]);
});

test("a failure keeps the characters there are and tells its reason", () => {
  const error = { code: /** @type {const} */ ("provider_unavailable"), message: "The writer is out.", retryable: true };
  const scene = sceneOf(known({ status: "failed", error, result: { characters: [ada] } }), brief, []);
  assert.deepEqual([scene.phase, scene.characters, scene.awaited], ["failed", [ada], 0]);
  assert.deepEqual([scene.reason, scene.retryable], ["The writer is out.", true]);
});

test("a set that was stopped can be gone on with", () => {
  const scene = sceneOf(known({ status: "canceled" }), brief, []);
  assert.deepEqual([scene.phase, scene.retryable], ["stopped", true]);
});

test("a link to what is unknown or no longer kept leads to an empty wall", () => {
  assert.equal(sceneOf(without("unknown"), null, []).phase, "gone");
  assert.equal(sceneOf(without("expired"), null, []).phase, "gone");
});

test("characters that were shown are never taken away", () => {
  assert.deepEqual(sceneOf(without("expired"), null, [ada]).characters, [ada]);
  assert.deepEqual(sceneOf(known({ status: "processing", result: null }), brief, [ada]).characters, [ada]);
});

test("a set that a server without memory writes anew takes the place of the lost one", () => {
  const scene = sceneOf(known({ status: "processing", result: { characters: [brom] } }), brief, [ada, brom]);
  assert.deepEqual([scene.characters, scene.awaited], [[brom], 2]);
});

test("metadata of others is read with care", () => {
  const empty = { theme: "", count: null };
  assert.deepEqual(briefOf(job({ metadata: null })), empty);
  assert.deepEqual(briefOf(job({ metadata: { theme: 7, count: "three" } })), empty);
  assert.deepEqual(briefOf(job({ metadata: { count: 99 } })), empty);
  assert.deepEqual(briefOf(job({ metadata: { ...brief } })), brief);
});
