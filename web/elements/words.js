/**
 * Every sentence that a portrait's place and the tray can show. A page replaces what it likes with `setWords`, for all elements, or
 * with an element's `words` property, for that one.
 *
 * @typedef {object} Words
 * @property {string} generating            while it waits or is painted
 * @property {string} usual                 while it is painted and nothing better is known about how long that takes
 * @property {string} long                  after two minutes
 * @property {string} reconnecting          after three seconds without a connection
 * @property {string} next                  queued, nobody before it
 * @property {(count: number) => string} ahead          queued, so many before it
 * @property {(seconds: number) => string} secondsLeft
 * @property {(minutes: number) => string} minutesLeft
 * @property {string} soon                  the time it was expected at is over
 * @property {(percent: number) => string} percent
 * @property {(alt: string) => string} painted          told to a screen reader when the picture is there
 * @property {string} failed
 * @property {string} stopped
 * @property {string} expired
 * @property {string} lost                  the job has ended well, but its picture could not be loaded
 * @property {string} refused               a button was pressed and the server could not be asked
 * @property {string} retry                 button: the same job again
 * @property {string} change                button: another description, since the same would fail again
 * @property {string} repaint               button: a new job for what is no longer kept
 * @property {string} reload                button: load the picture again
 * @property {string} portrait              names the picture when the page gave no `alt`
 * @property {string} video                 names a video that was given no name
 * @property {string} tasks                 names the tray
 * @property {string} characters            names a set of characters that was given no name
 * @property {(count: number) => string} inProgress
 * @property {(count: number) => string} waiting
 * @property {(count: number) => string} failures
 * @property {string} queued                told, and shown while nothing better is known of the place in the queue
 * @property {(kind: string) => string} begun           told when it is being made
 * @property {(kind: string) => string} made            told when it is there
 * @property {(kind: string) => string} notMade         told when it failed
 * @property {string} arriving              it is made, and its picture is on its way here
 * @property {string} stop                  button
 * @property {string} visit                 link to what was made, or to where it can be changed
 * @property {string} dismiss               button: put it away
 * @property {string} retryAll              button: all that failed and may be tried again
 * @property {(count: number) => string} notRetried     so many of them were left as they are
 * @property {(button: string, label: string) => string} of    names a button that stands beside what it is about
 */

/** @type {Readonly<Words>} */
export const defaultWords = Object.freeze({
  generating: "Generating portrait…",
  usual: "This may take 20–30 seconds",
  long: "Taking longer than usual; you can leave, it will be here",
  reconnecting: "Reconnecting…",
  next: "Next in line",
  ahead: (count) => `${count} ahead of you`,
  secondsLeft: (seconds) => `about ${seconds} s`,
  minutesLeft: (minutes) => `about ${minutes} min`,
  soon: "any moment now",
  percent: (percent) => `${percent} %`,
  painted: (alt) => `Portrait painted: ${alt}`,
  failed: "This portrait could not be painted",
  stopped: "Stopped",
  expired: "No longer kept, paint it again",
  lost: "The picture did not arrive",
  refused: "That did not reach the server. Please try again.",
  retry: "Try again",
  change: "Change the description",
  repaint: "Paint it again",
  reload: "Load it again",
  portrait: "Portrait",
  video: "Video",
  tasks: "Background tasks",
  characters: "Characters",
  inProgress: (count) => `${count} in progress`,
  waiting: (count) => `${count} waiting`,
  failures: (count) => `${count} failed`,
  queued: "Queued",
  begun: (kind) => `Being ${verbOf(kind)}`,
  made: (kind) => (kind === "characters" ? "Written; the portraits follow" : capital(verbOf(kind))),
  notMade: (kind) => `Could not be ${verbOf(kind)}`,
  arriving: "Done, on its way here",
  stop: "Stop",
  visit: "Show",
  dismiss: "Dismiss",
  retryAll: "Try all again",
  notRetried: (count) => `${count} could not be tried again`,
  of: (button, label) => `${button}: ${label}`,
});

/** @param {string} kind */
function verbOf(kind) {
  if (kind === "characters") return "written";
  if (kind === "video") return "set in motion";
  return kind === "portrait" ? "painted" : "made";
}

/** @param {string} word */
const capital = (word) => word.charAt(0).toUpperCase() + word.slice(1);

let current = defaultWords;

/** Dispatches `change` when `setWords` was called. */
export const wordsChanges = new EventTarget();

/** The words all elements use that have none of their own. */
export const words = () => current;

/**
 * Replaces some of the words for every element of the page, also for those already shown.
 *
 * @param {Partial<Words>} replacements
 */
export function setWords(replacements) {
  current = Object.freeze({ ...current, ...replacements });
  wordsChanges.dispatchEvent(new Event("change"));
}

const OVERDUE_MS = 30_000;

/**
 * The time left, in steps coarse enough to be true: seconds below twenty, then steps of five, then minutes. Null where
 * it is over for so long that nobody knows any more.
 *
 * @param {number} milliseconds  below 0 when that time is over
 * @param {Words} table
 */
export function timeLeftWords(milliseconds, table) {
  if (milliseconds < -OVERDUE_MS) return null;
  const seconds = Math.ceil(milliseconds / 1000);
  if (seconds < 1) return table.soon;
  if (seconds < 20) return table.secondsLeft(seconds);
  if (seconds < 90) return table.secondsLeft(Math.ceil(seconds / 5) * 5);
  return table.minutesLeft(Math.round(seconds / 60));
}

/**
 * @param {number} position  1 is next
 * @param {Words} table
 */
export const queueWords = (position, table) => (position <= 1 ? table.next : table.ahead(position - 1));
