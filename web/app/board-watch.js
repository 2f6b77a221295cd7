/** @import { Board, Worlds } from "./world-calls.js" */
import { LimnerError } from "../client/errors.js";
import { pauseOf } from "./board-stage.js";

/** What the server answers where there is no such world: none, no longer, or nothing that could be one's id. */
const GONE = [400, 404, 410, 422];

/**
 * @typedef {object} BoardNews
 * @property {(board: Board) => void} onBoard       it changed
 * @property {() => void} onGone                    there is none, or no more; nothing is asked for from now on
 * @property {(reason: string | null) => void} onTrouble   the server does not answer; null when it does again
 * @property {() => boolean} isArriving             something is made that the board does not show yet
 */

/** Asks for one board again and again, until it is closed. What is asked for meanwhile is done first. */
export class BoardWatch {
  /** @type {Board | null} */
  #board = null;
  /** @type {string | null} */
  #etag = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #asking = false;
  #again = false;
  #failures = 0;
  #life = new AbortController();
  #worlds;
  #id;
  #news;

  /**
   * @param {Worlds} worlds
   * @param {string} id
   * @param {BoardNews} news
   */
  constructor(worlds, id, news) {
    this.#worlds = worlds;
    this.#id = id;
    this.#news = news;
    const { signal } = this.#life;
    const seen = () => document.hidden || void this.look();
    document.addEventListener("visibilitychange", seen, { signal });
    window.addEventListener("online", seen, { signal });
    window.addEventListener("pageshow", ({ persisted }) => persisted && seen(), { signal });
  }

  /** Look now, and from now on. An answer that is on its way is believed no more. */
  async look() {
    if (this.#life.signal.aborted) return;
    this.#again = true;
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    try {
      while (this.#again && !this.#life.signal.aborted) {
        this.#again = false;
        await this.#ask();
      }
    } finally {
      this.#asking = false;
      this.#wait();
    }
  }

  close() {
    this.#life.abort();
    clearTimeout(this.#timer);
  }

  async #ask() {
    try {
      const answer = await this.#worlds.board(this.#id, this.#etag);
      if (this.#again || this.#life.signal.aborted) return;
      if (this.#failures > 0) this.#news.onTrouble(null);
      this.#failures = 0;
      if (answer === null) return;
      this.#etag = answer.etag;
      this.#board = answer.board;
      this.#news.onBoard(answer.board);
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      if (this.#life.signal.aborted) return;
      if (!GONE.includes(error.status)) return this.#trouble(error);
      this.close();
      this.#news.onGone();
    }
  }

  /** @param {LimnerError} error */
  #trouble(error) {
    this.#failures += 1;
    this.#news.onTrouble(error.message);
  }

  #wait() {
    if (this.#life.signal.aborted) return;
    const now = { arriving: this.#news.isArriving(), hidden: document.hidden, failures: this.#failures };
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.look(), pauseOf(this.#board, now));
  }
}
