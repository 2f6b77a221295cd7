/** How far each portrait and video of a board is, and what is told of those that are not there. Pure. */

/** @import { JobState } from "../client/types.js" */
/** @import { Situation } from "../elements/view.js" */
/** @import { Words } from "../elements/words.js" */
/** @import { Board, BoardMedia, MediaKind } from "./world-calls.js" */
import { viewOf } from "../elements/view.js";

/**
 * How far the newest portrait, or video, of a character has come. `arriving`: it is made, and not where it is kept yet.
 *
 * @typedef {"missing" | "waiting" | "making" | "arriving" | "there" | "failed" | "stopped"} Stage
 */

/**
 * What stands over a frame about the portrait, or the video, that is not there.
 *
 * @typedef {object} Strip
 * @property {Stage} stage
 * @property {string} line
 * @property {string | null} detail
 * @property {number | null} percent    null while nothing is measured
 * @property {string | null} preview    a data URI
 * @property {StripAction | null} action
 */

/**
 * - `make`: there is none · `again`: it failed, and may be tried again · `change`: the same would fail again
 * - `stop`: it is being made · `reload`: it is made, and did not arrive here
 *
 * @typedef {"make" | "again" | "change" | "stop" | "reload"} StripAction
 */

/** @type {Readonly<Record<MediaKind, Readonly<Record<StripAction, string>>>>} */
export const ACTIONS = Object.freeze({
  portrait: Object.freeze({
    make: "Paint it",
    again: "Try again",
    change: "Change the description",
    stop: "Stop",
    reload: "Load it again",
  }),
  video: Object.freeze({
    make: "Make it",
    again: "Try again",
    change: "Try another",
    stop: "Stop",
    reload: "Load it again",
  }),
});

/** @type {Readonly<Record<MediaKind, Partial<Words>>>} */
const WORDS = Object.freeze({
  portrait: { generating: "Painting another…" },
  video: { generating: "Making the video…", usual: "", long: "Taking longer than usual; you can leave, it will be here" },
});
const ARRIVING = Object.freeze({ portrait: "Painted, on its way here", video: "Made, on its way here" });
const MISSING = Object.freeze({ portrait: "No portrait yet", video: "No video yet" });
const FAILED = Object.freeze({ portrait: "The portrait could not be painted", video: "The video could not be made" });
const AGAIN_FAILED = Object.freeze({
  portrait: "The new portrait could not be painted",
  video: "The new video could not be made",
});
const STOPPED = Object.freeze({ portrait: "The painting was stopped", video: "The video was stopped" });
const LOST = Object.freeze({ portrait: "The picture did not arrive", video: "The video did not arrive" });

/** @type {Readonly<Record<Exclude<BoardMedia["status"], "succeeded">, Stage>>} */
const STAGES = Object.freeze({
  missing: "missing",
  queued: "waiting",
  processing: "making",
  failed: "failed",
  canceled: "stopped",
});

/** @param {BoardMedia} media */
export const isUnderWay = ({ status }) => status === "queued" || status === "processing";

/**
 * Whether its job may be another than the board says: it is under way, or may have been tried again.
 *
 * @param {BoardMedia} media
 */
export const mayChange = ({ status }) => status !== "missing" && status !== "succeeded";

/**
 * A job's own record is newer than what the board says of it.
 *
 * @param {BoardMedia} media
 * @param {JobState | null} [live]  of `media.job`
 * @returns {Stage}
 */
export function stageOf(media, live = null) {
  const job = live?.job ?? null;
  const status = job !== null && job.id === media.job && mayChange(media) ? job.status : media.status;
  if (status !== "succeeded") return STAGES[status];
  return media.status === "succeeded" && media.url !== null ? "there" : "arriving";
}

/**
 * What is to be told about this portrait, or video; null where it is there, or is left out for the picture's sake.
 *
 * @param {MediaKind} kind
 * @param {BoardMedia} media
 * @param {{situation?: Situation | null, yours: boolean, lost?: boolean}} known  `lost`: what is at its address did not
 *   arrive here
 * @param {Words} words
 * @returns {Strip | null}
 */
export function stripOf(kind, media, { situation = null, yours, lost = false }, words) {
  const stage = stageOf(media, situation?.state ?? null);
  const strip = { stage, line: "", detail: null, percent: null, preview: null, action: null };
  const mine = (/** @type {StripAction} */ action) => (yours ? action : null);
  switch (stage) {
    case "waiting":
    case "making":
      return { ...strip, ...underWay(kind, situation, words), action: mine("stop") };
    case "arriving":
      return { ...strip, line: ARRIVING[kind], percent: 100 };
    case "failed": {
      const error = situation?.state.job?.error ?? media.error;
      const action = mine(error?.retryable === false ? "change" : "again");
      return { ...strip, line: media.url === null ? FAILED[kind] : AGAIN_FAILED[kind], detail: error?.message ?? null, action };
    }
    case "stopped":
      if (media.url !== null) return null;
      return { ...strip, line: STOPPED[kind], action: mine("again") };
    case "there":
      return lost ? { ...strip, line: LOST[kind], action: "reload" } : null;
    case "missing":
      return kind === "video" ? null : { ...strip, line: MISSING[kind], action: mine("make") };
  }
}

/**
 * @param {MediaKind} kind
 * @param {Situation | null} situation
 * @param {Words} words
 * @returns {Pick<Strip, "line" | "detail" | "percent" | "preview">}
 */
function underWay(kind, situation, words) {
  const table = { ...words, ...WORDS[kind] };
  if (situation === null || situation.state.phase !== "known") {
    return { line: table.generating, detail: null, percent: null, preview: null };
  }
  const { detail, timeLeft, note, percent, preview } = viewOf(situation, table);
  const parts = [detail, timeLeft, note].filter((part) => part !== null && part !== "");
  // A video begins with the portrait that hangs below.
  return { line: table.generating, detail: parts.join(" · ") || null, percent, preview: kind === "video" ? null : preview };
}

/**
 * How many are neither there nor being made, and could be: a video needs a portrait.
 *
 * @param {Board} board
 * @param {MediaKind} kind
 */
export function missingOf({ characters }, kind) {
  const lacks = (/** @type {BoardMedia} */ media) =>
    media.url === null && !isUnderWay(media) && media.status !== "succeeded";
  return characters.filter((character) => lacks(character[kind]) && (kind === "portrait" || !lacks(character.portrait)))
    .length;
}

/**
 * How long until the board is to be asked for again, in ms. What is made is looked for soon, what might be begun elsewhere
 * now and then, and a server that does not answer ever more rarely.
 *
 * @param {Board | null} board
 * @param {{arriving: boolean, hidden: boolean, failures: number}} now
 */
export function pauseOf(board, { arriving, hidden, failures }) {
  if (failures > 0) return Math.min(15_000, 1_000 * 2 ** (failures - 1));
  const moving = (board?.characters ?? []).some(({ portrait, video }) => [portrait, video].some(isMoving));
  if (hidden) return moving ? 15_000 : 60_000;
  if (arriving) return 500;
  return moving ? 2_000 : 5_000;
}

/** @param {BoardMedia} media */
const isMoving = (media) => isUnderWay(media) || (media.url !== null && !media.kept);
