/** @import { Clock } from "../../../../web/client/types.js" */

/**
 * A clock that stands still until it is told to go on.
 *
 * @implements {Clock}
 */
export class ManualClock {
  #now;
  /** @type {Map<number, {at: number, callback: () => void}>} */
  #timers = new Map();
  #handles = 0;

  constructor(now = 1_000_000) {
    this.#now = now;
  }

  now = () => this.#now;

  /** @type {Clock["setTimeout"]} */
  setTimeout = (callback, ms) => {
    this.#handles += 1;
    this.#timers.set(this.#handles, { at: this.#now + ms, callback });
    return this.#handles;
  };

  /** @type {Clock["clearTimeout"]} */
  clearTimeout = (handle) => {
    this.#timers.delete(Number(handle));
  };

  /** How many timers are set. */
  get pending() {
    return this.#timers.size;
  }

  /**
   * Goes on by `ms`, running each timer at its time and all that follows from it.
   *
   * @param {number} ms
   */
  async advance(ms) {
    const end = this.#now + ms;
    await settled();
    for (let next = this.#next(end); next; next = this.#next(end)) {
      const [handle, { at, callback }] = next;
      this.#timers.delete(handle);
      this.#now = Math.max(this.#now, at);
      callback();
      await settled();
    }
    this.#now = end;
  }

  /** @param {number} end */
  #next(end) {
    return [...this.#timers].filter(([, { at }]) => at <= end).sort((a, b) => a[1].at - b[1].at || a[0] - b[0])[0];
  }
}

/** Everything that waits for nothing but its turn has happened. */
export function settled() {
  return new Promise((resolve) => setImmediate(resolve));
}
