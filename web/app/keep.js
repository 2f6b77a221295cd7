/** What is sent to keep a set as a world, and whether that can be done now. Pure. */

/** @import { Character, FieldError } from "../client/types.js" */
/** @import { Scene } from "./scene.js" */
/** @import { WholeCharacter } from "./world-calls.js" */

const LONGEST_NAME = 200;
/** The server takes 1 KiB, and spaces its JSON more widely. */
const METADATA_BYTES = 1_000;

/** @typedef {string | WholeCharacter} Member  a character as it is sent: by its id, where nothing of it was changed */

/**
 * Why these characters cannot be kept now, as a sentence; null where they can.
 *
 * @param {Scene} scene
 * @param {boolean} described  whether it is known what each portrait was asked to show
 */
export function obstacleOf({ phase, characters }, described) {
  if (phase === "gone") return "It is too late to keep them: the server has let them go.";
  if (phase === "writing") return "They can be kept as soon as the last of them is written.";
  if (phase === "opening" || !described) return "Looking for them…";
  return characters.length === 0 ? "There is nobody to keep." : null;
}

/**
 * @param {Scene} scene
 * @param {number} painted
 */
export function promiseOf({ characters }, painted) {
  return painted < characters.length
    ? "Portraits still being painted come along by themselves."
    : "They move into your Library, and their portraits with them.";
}

/**
 * What a world is called that is made of a set with this theme, unless somebody says otherwise.
 *
 * @param {string} theme  empty: chance decided
 */
export function nameOf(theme) {
  const [first = "", ...rest] = theme.trim();
  return first === "" ? "Whoever chance sent" : first.toLocaleUpperCase("en") + rest.join("");
}

/**
 * What is wrong with a world's name, as a sentence; null where nothing is.
 *
 * @param {string} name  without white space around it
 */
export function faultOf(name) {
  const length = [...name].length;
  if (length === 0) return "A world needs a name.";
  return length > LONGEST_NAME ? `At most ${LONGEST_NAME} characters, please; these are ${length}.` : null;
}

/**
 * A character that was painted again is another than the one its set was written with: it is sent whole.
 *
 * @param {Character} character
 * @param {string} portrait    the job that paints it now
 * @param {string} appearance  what that job was asked to paint
 * @returns {Member}
 */
export function memberOf(character, portrait, appearance) {
  if (portrait === character.portrait) return character.id;
  const { id: _id, ...sitter } = character;
  return { ...sitter, portrait, ...(appearance === "" ? {} : { appearance }) };
}

/**
 * What the job that paints a character again carries along, so that every page knows what it was asked to paint.
 *
 * @param {string} name
 * @param {string} appearance
 * @returns {{name: string, appearance?: string}}
 */
export function metadataOf(name, appearance) {
  const metadata = { name, appearance };
  const { length } = new TextEncoder().encode(JSON.stringify(metadata));
  return length > METADATA_BYTES ? { name } : metadata;
}

/**
 * What the server has against it: at the name, and elsewhere.
 *
 * @param {readonly FieldError[]} errors
 * @param {readonly string[]} names  of the characters, in their order
 */
export function complaintsOf(errors, names) {
  const sentences = errors.filter(({ field }) => field !== "name").map(({ field, message }) => {
    const place = /^characters\.(\d+)(?:\.|$)/.exec(field)?.[1];
    return `${place === undefined ? field : (names[Number(place)] ?? field)}: ${message}`;
  });
  return { name: errors.find(({ field }) => field === "name")?.message ?? null, others: sentences.join(" ") };
}
