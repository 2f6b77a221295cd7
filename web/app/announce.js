const TOGETHER_MS = 400;

/** Tells a screen reader what happened, politely: what comes together is said together, and in its order. */
export class Announcer {
  /** @type {string[]} */
  #waiting = [];
  #region;

  /** @param {HTMLElement} region  a live region that is empty at first */
  constructor(region) {
    this.#region = region;
  }

  /** @param {string} sentence */
  say(sentence) {
    this.#waiting.push(sentence);
    if (this.#waiting.length === 1) setTimeout(() => this.#speak(), TOGETHER_MS);
  }

  #speak() {
    this.#region.textContent = this.#waiting.join(" ");
    this.#waiting = [];
  }
}
