import assert from "node:assert/strict";
import { test } from "node:test";
import { altOf, arrivalOf, awaitedLine, fileName, headingOf, progressOf, titleOf } from "../../../web/app/sentences.js";
import { character } from "./support/characters.js";

/** @import { Phase } from "../../../web/app/scene.js" */

/**
 * @param {Phase} phase
 * @param {number} written
 * @param {number} [awaited]
 */
const scene = (phase, written, awaited = 0) => ({
  phase,
  characters: Array.from({ length: written }, () => character()),
  awaited,
  reason: null,
  retryable: false,
});

test("the alternative text says who it is and what they look like", () => {
  assert.equal(altOf(character()), "Ysolde Quillfeather, half-elf archivist: grey eyes, a green coat");
});

test("a character arrives by name", () => {
  assert.equal(arrivalOf(character()), "Ysolde Quillfeather has arrived: half-elf, archivist.");
});

test("the title tells the writing first, then the painting", () => {
  assert.equal(titleOf(null, 0), "Limner");
  assert.equal(titleOf(scene("writing", 1, 2), 0), "1 of 3 written – Limner");
  assert.equal(titleOf(scene("writing", 2, 1), 1), "1 of 3 painted – Limner");
  assert.equal(titleOf(scene("complete", 3), 2), "2 of 3 painted – Limner");
  assert.equal(titleOf(scene("gone", 0), 0), "Limner");
});

test("a set that ended before anybody was written has no progress", () => {
  assert.equal(progressOf(scene("failed", 0), 0), "");
});

test("the heading names the theme, or chance", () => {
  assert.equal(headingOf("the salt court"), "From the salt court");
  assert.equal(headingOf(""), "Whoever chance sent");
});

test("a saved picture is called after its character", () => {
  assert.equal(fileName("Ysolde Quillfeather", "image/png"), "ysolde-quillfeather.png");
  assert.equal(fileName("Zoë d’Ávila, the 3rd", "image/jpeg"), "zoe-davila-the-3rd.jpg");
  assert.equal(fileName("李 明", "image/webp"), "李-明.webp");
});

test("no name makes a file that a system would refuse", () => {
  assert.equal(fileName("../../:*?", undefined), "portrait.png");
  assert.equal(fileName(`${"x".repeat(59)} y`, "image/png"), `${"x".repeat(59)}.png`);
});

test("whoever is awaited has a line, however many there are", () => {
  for (let place = 0; place < 10; place++) assert.notEqual(awaitedLine(place), "");
});
