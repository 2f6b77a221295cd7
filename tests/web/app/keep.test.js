import assert from "node:assert/strict";
import { test } from "node:test";
import { complaintsOf, faultOf, memberOf, metadataOf, nameOf, obstacleOf, promiseOf } from "../../../web/app/keep.js";
import { character } from "./support/characters.js";

/** @import { Phase, Scene } from "../../../web/app/scene.js" */

const OTHER = "11111111-1111-4111-8111-111111111111";

/**
 * @param {Phase} phase
 * @param {number} count
 * @returns {Scene}
 */
const scene = (phase, count) => ({
  phase,
  characters: Array.from({ length: count }, (_, index) => character({ id: `c${index}` })),
  awaited: 0,
  reason: null,
  retryable: false,
});

test("a set can be kept when nobody is still to come, however it ended", () => {
  assert.equal(obstacleOf(scene("complete", 3), true), null);
  assert.equal(obstacleOf(scene("stopped", 1), true), null);
  assert.equal(obstacleOf(scene("failed", 2), true), null);
});

test("a set that cannot be kept says why", () => {
  assert.match(obstacleOf(scene("writing", 2), true) ?? "", /as soon as the last/);
  assert.match(obstacleOf(scene("opening", 0), true) ?? "", /Looking/);
  assert.match(obstacleOf(scene("failed", 0), true) ?? "", /nobody/);
  assert.match(obstacleOf(scene("gone", 3), true) ?? "", /too late/);
  assert.match(obstacleOf(scene("complete", 3), false) ?? "", /Looking/);
});

test("it is promised that unfinished portraits come along", () => {
  assert.match(promiseOf(scene("complete", 3), 2), /still being painted/);
  assert.doesNotMatch(promiseOf(scene("complete", 3), 3), /still being painted/);
});

test("a world is named after its theme", () => {
  assert.equal(nameOf("the night market"), "The night market");
  assert.equal(nameOf("𝒂 b"), "𝒂 b");
  assert.equal(nameOf(""), "Whoever chance sent");
});

test("a name has 1 to 200 characters, whatever they are made of", () => {
  assert.notEqual(faultOf(""), null);
  assert.equal(faultOf("𝒂".repeat(200)), null);
  assert.match(faultOf("a".repeat(201)) ?? "", /201/);
});

test("a character as it was written is sent by its id", () => {
  assert.equal(memberOf(character(), character().portrait, "whatever"), "c1");
});

test("one that was painted again is sent whole, with that portrait and its appearance", () => {
  const { id: _id, ...sitter } = character();
  assert.deepEqual(memberOf(character(), OTHER, "a red coat"), { ...sitter, portrait: OTHER, appearance: "a red coat" });
});

test("a portrait's job carries along what it was asked to paint, where there is room for it", () => {
  assert.deepEqual(metadataOf("Ysolde", "a red coat"), { name: "Ysolde", appearance: "a red coat" });
  assert.deepEqual(metadataOf("Ysolde", "海".repeat(400)), { name: "Ysolde" });
});

test("what the server has against a character is said by its name", () => {
  const errors = [
    { field: "name", message: "is too long" },
    { field: "characters.1", message: "there is no such character" },
    { field: "characters.0.portrait", message: "is no id" },
    { field: "characters", message: "are too many" },
  ];
  assert.deepEqual(complaintsOf(errors, ["Ysolde", "Oda"]), {
    name: "is too long",
    others: "Oda: there is no such character Ysolde: is no id characters: are too many",
  });
  assert.deepEqual(complaintsOf([], []), { name: null, others: "" });
});
