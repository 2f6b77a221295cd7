/** The page's own sentences, made from what is known. Pure. */

/** @import { Character } from "../client/types.js" */
/** @import { Scene } from "./scene.js" */

/** @param {Character} character */
export function altOf({ name, race, class: role, appearance }) {
  const who = `${name}, ${race} ${role}`;
  return appearance ? `${who}: ${appearance}` : who;
}

/** @param {Character} character */
export const arrivalOf = ({ name, race, class: role }) => `${name} has arrived: ${race}, ${role}.`;

/** @param {string} theme */
export const headingOf = (theme) => (theme === "" ? "Whoever chance sent" : `From ${theme}`);

/**
 * @param {Scene} scene
 * @param {number} painted
 */
export function progressOf({ phase, characters, awaited }, painted) {
  const all = characters.length + awaited;
  if (phase === "opening") return "Looking for this set…";
  if (phase === "writing" && painted === 0) return `${characters.length} of ${all} written`;
  if (all === 0) return "";
  return `${painted} of ${all} painted`;
}

/**
 * @param {Scene | null} scene
 * @param {number} painted
 */
export function titleOf(scene, painted) {
  const progress = scene === null || scene.phase === "gone" ? "" : progressOf(scene, painted);
  return progress === "" ? "Limner" : `${progress} – Limner`;
}

/** @type {Record<string, string>} */
const EXTENSIONS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp", "video/mp4": "mp4" };

/**
 * A name for the saved picture that every system accepts, made from the character's.
 *
 * @param {string} name
 * @param {string | undefined} contentType
 */
export function fileName(name, contentType) {
  const plain = name.normalize("NFKD").replace(/\p{M}/gu, "").replace(/['’]/g, "").toLowerCase();
  const words = plain.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "");
  const short = [...words].slice(0, 60).join("").replace(/-$/, "");
  return `${short || "portrait"}.${EXTENSIONS[contentType ?? ""] ?? "png"}`;
}

const ARRIVING = [
  "Someone is coming up the stairs…",
  "Another waits at the door…",
  "Somebody is hanging up a coat…",
  "A voice in the hall…",
  "Footsteps on the landing…",
];

/** @param {number} place  from 0 */
export const awaitedLine = (place) => ARRIVING[place % ARRIVING.length] ?? "";

export const THEMES = [
  "a drowned city that still rings its bells",
  "the night market under the bridge",
  "a lighthouse at the edge of the map",
  "the court of the salt queen",
  "a caravan that follows the winter",
  "the last library before the desert",
  "a village where the dead pay rent",
  "the guild of honest thieves",
];
