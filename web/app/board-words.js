/** The sentences of a board, made from what the server says. Pure. */

/** @import { Stage } from "./board-stage.js" */
/** @import { Board, BoardCharacter, BoardMedia, Generated, Media, MediaKind } from "./world-calls.js" */

/**
 * @param {MediaKind} kind
 * @param {number} count
 */
export const generateWords = (kind, count) => `Generate missing ${kind}s (${count})`;

/**
 * What asking for all that is missing came to.
 *
 * @param {MediaKind} kind
 * @param {Generated} generated
 */
export function generatedOf(kind, { jobs, left }) {
  const asked = jobs.length === 0 ? `No ${kind} is missing.` : `${counted(jobs.length, kind)} asked for.`;
  return jobs.length === 0 && left.length > 0 ? "" : asked;
}

/**
 * Why some were left out, as sentences that name them.
 *
 * @param {Generated} generated
 * @param {readonly BoardCharacter[]} characters
 */
export function leftOf({ left }, characters) {
  const nameOf = (/** @type {string} */ id) => characters.find((character) => character.id === id)?.name ?? "One";
  return left.map(({ character, reason }) => `${nameOf(character)}: ${reason}`).join(" ");
}

/** @param {Board} board */
export function summaryOf({ characters }) {
  const there = (/** @type {MediaKind} */ kind) => characters.filter((character) => character[kind].url !== null).length;
  const parts = [counted(characters.length, "character"), counted(there("portrait"), "portrait")];
  return [...parts, counted(there("video"), "video")].join(" · ");
}

/** @param {Board | null} board */
export const titleOf = (board) => (board === null ? "A world – Limner" : `${board.name} – Limner`);

/** @param {Pick<BoardCharacter, "name" | "race" | "class" | "appearance">} character */
export function altOf({ name, race, class: role, appearance }) {
  const who = `${name}, ${race} ${role}`;
  return appearance === null || appearance === "" ? who : `${who}: ${appearance}`;
}

/** @param {Pick<BoardCharacter, "race" | "class">} character */
export const plateOf = ({ race, class: role }) => [race, role].filter((word) => word !== "").join(" · ");

/** @type {Readonly<Record<MediaKind, Readonly<Record<Stage, string>>>>} */
const STATES = Object.freeze({
  portrait: Object.freeze({
    missing: "no portrait yet",
    waiting: "portrait queued",
    making: "being painted",
    arriving: "painted, on its way here",
    there: "painted",
    failed: "portrait failed",
    stopped: "portrait stopped",
  }),
  video: Object.freeze({
    missing: "no video yet",
    waiting: "video queued",
    making: "video being made",
    arriving: "video on its way here",
    there: "video made",
    failed: "video failed",
    stopped: "video stopped",
  }),
});

/** @type {Readonly<Partial<Record<Stage, string>>>} */
const ANOTHER = Object.freeze({
  waiting: "another queued",
  making: "another being made",
  arriving: "another on its way here",
  failed: "another failed",
});

/**
 * Both states of a character in one line.
 *
 * @param {Record<MediaKind, {stage: Stage, media: BoardMedia}>} slots
 */
export function statesOf({ portrait, video }) {
  const state = (/** @type {MediaKind} */ kind, /** @type {Stage} */ stage, /** @type {BoardMedia} */ { url }) =>
    url === null ? [STATES[kind][stage]] : [STATES[kind].there, ...(ANOTHER[stage] === undefined ? [] : [ANOTHER[stage]])];
  const parts = [state("portrait", portrait.stage, portrait.media), state("video", video.stage, video.media)];
  const line = parts.map((words) => words.join(", ")).join(" · ");
  return line.charAt(0).toUpperCase() + line.slice(1);
}

/**
 * What a screen reader is told of how it ended.
 *
 * @param {MediaKind} kind
 * @param {string} name
 * @param {string | null} reason  why there is none; null where it is there
 */
export function endOf(kind, name, reason) {
  if (reason === null) return kind === "portrait" ? `${name} is painted.` : `The video of ${name} is there.`;
  const what = kind === "portrait" ? `${name} could not be painted.` : `The video of ${name} could not be made.`;
  return `${what} ${reason}`.trim();
}

/** @param {number} characters  how many */
export function farewellOf(characters) {
  const who = characters === 1 ? "Its one character goes" : `Its ${characters} characters go`;
  return `${who} with every portrait and video, for all who have the link. This cannot be undone.`;
}

/**
 * A portrait or video of the history in one line.
 *
 * @param {Media} media
 * @param {Intl.DateTimeFormat} dates
 */
export function mediaWords({ kind, status, created_at, seconds, error }, dates) {
  const what = kind === "portrait" ? "Portrait" : "Video";
  const at = dates.format(new Date(created_at));
  if (status === "failed") return `${what}, ${at}: ${error?.message ?? "failed"}`;
  if (status === "canceled") return `${what}, ${at}: stopped`;
  if (status !== "succeeded") return `${what}, ${at}: being made`;
  return seconds === null ? `${what}, ${at}` : `${what}, ${at}, ${Math.round(seconds)} s`;
}

/**
 * @param {number} count
 * @param {string} noun
 */
function counted(count, noun) {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
