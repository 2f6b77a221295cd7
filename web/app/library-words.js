/** What the Library says in words. Pure. */

/** @import { ListedWorld } from "./world-calls.js" */
/** @import { Shelf } from "./shelf.js" */

/**
 * A line of it breaks between the counts only.
 *
 * @param {ListedWorld} world
 */
export function countsOf({ characters, portraits, videos }) {
  const painted = portraits === characters ? many(portraits, "portrait") : `${portraits} of ${many(characters, "portrait")}`;
  const parts = [many(characters, "character"), portraits === 0 ? "no portrait yet" : painted];
  if (videos > 0) parts.push(many(videos, "video"));
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

/** @param {Shelf} shelf */
export function summaryOf({ worlds, next }) {
  if (worlds.length === 0) return null;
  return next === null ? many(worlds.length, "world") : `the newest ${worlds.length} worlds`;
}

/**
 * When that was, as one would say it now, in the time of this place.
 *
 * @param {string} time  RFC 3339
 * @param {number} now
 */
export function whenOf(time, now) {
  const then = new Date(time);
  const today = new Date(now);
  const days = Math.round((midnight(today) - midnight(then)) / 86_400_000);
  const clock = format(then, { hour: "2-digit", minute: "2-digit" });
  if (days === 0) return `today, ${clock}`;
  if (days === 1) return `yesterday, ${clock}`;
  const year = then.getFullYear() === today.getFullYear() ? {} : { year: /** @type {const} */ ("numeric") };
  return format(then, { day: "numeric", month: "long", ...year });
}

/**
 * The same, to the minute.
 *
 * @param {string} time  RFC 3339
 */
export const exactlyOf = (time) => format(new Date(time), { dateStyle: "long", timeStyle: "short" });

/** @param {Date} time */
const midnight = (time) => new Date(time.getFullYear(), time.getMonth(), time.getDate()).getTime();

/**
 * @param {Date} time
 * @param {Intl.DateTimeFormatOptions} options
 */
const format = (time, options) => new Intl.DateTimeFormat("en-GB", options).format(time);

/**
 * @param {number} count
 * @param {string} noun
 */
export const many = (count, noun) => `${count} ${noun}${count === 1 ? "" : "s"}`;
