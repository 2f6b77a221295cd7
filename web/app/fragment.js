/**
 * What the page's address says: the set that is shown, and which of its characters were painted again.
 * `#set=<job id>&p2=<job id>`: the second character's portrait is now that job.
 */

import { parseJobId } from "../client/index.js";

/**
 * @typedef {object} Address
 * @property {string | null} set                        the id of the `characters` job
 * @property {ReadonlyMap<number, string>} repainted    portrait jobs by the character's place, from 1
 */

const PLACE = /^p([1-9]\d?)$/;

/**
 * What is no id of a job is left out; so is everything a later version may add.
 *
 * @param {string} hash  with or without the `#`
 * @returns {Address}
 */
export function parseFragment(hash) {
  const parameters = new URLSearchParams(hash.replace(/^#/, ""));
  const set = parseJobId(parameters.get("set") ?? "");
  const repainted = new Map();
  for (const [name, value] of parameters) {
    const place = PLACE.exec(name)?.[1];
    const id = parseJobId(value);
    if (set !== null && place !== undefined && id !== null) repainted.set(Number(place), id);
  }
  return { set, repainted };
}

/**
 * @param {Address} address
 * @returns {string} with the `#`, or empty when no set is shown
 */
export function formatFragment({ set, repainted }) {
  if (set === null) return "";
  const parameters = new URLSearchParams({ set });
  for (const place of [...repainted.keys()].sort((a, b) => a - b)) {
    parameters.set(`p${place}`, repainted.get(place) ?? "");
  }
  return `#${parameters}`;
}
