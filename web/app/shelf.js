/** What the Library shows of the worlds there are, newest first. Pure. */

/** @import { ListedWorld, WorldsPage } from "./world-calls.js" */

const SOONEST_MS = 4_000;
const LATEST_MS = 60_000;
/** A portrait that is missing longer than this is not on its way any more. */
const HOPE_MS = 3_600_000;

/** @typedef {{readonly worlds: readonly ListedWorld[], readonly next: string | null}} Shelf  `next` as in a page */

/**
 * @param {Shelf} shelf
 * @param {WorldsPage} page  the one after it
 * @returns {Shelf}
 */
export function appended(shelf, page) {
  const there = new Set(shelf.worlds.map(({ id }) => id));
  return { worlds: [...shelf.worlds, ...page.worlds.filter(({ id }) => !there.has(id))], next: page.next };
}

/**
 * The first page was asked for again: what is older than it stays, where it still follows.
 *
 * @param {Shelf} shelf
 * @param {WorldsPage} first
 * @returns {Shelf}
 */
export function renewed(shelf, first) {
  const last = first.worlds.at(-1)?.id;
  const place = shelf.worlds.findIndex(({ id }) => id === last);
  if (place === -1 || first.next === null) return first;
  const older = shelf.worlds.slice(place + 1);
  return older.length === 0 ? first : appended(first, { worlds: older, next: shelf.next });
}

/**
 * When to look again by itself, in ms; null where no portrait seems to be on its way.
 *
 * @param {Shelf} shelf
 * @param {number | null} waited  how long was waited the last time in vain; null where something has changed
 * @param {number} now
 */
export function nextLookOf({ worlds }, waited, now) {
  const awaited = worlds.some(
    ({ characters, portraits, created_at }) => portraits < characters && now - Date.parse(created_at) < HOPE_MS,
  );
  if (!awaited) return null;
  return waited === null ? SOONEST_MS : Math.min(LATEST_MS, waited * 1.5);
}
