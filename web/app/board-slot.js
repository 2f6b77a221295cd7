/** @import { Client } from "../client/types.js" */
/** @import { Situation } from "../elements/view.js" */
/** @import { Stage } from "./board-stage.js" */
/** @import { BoardMedia } from "./world-calls.js" */
import { Watch } from "../elements/watch.js";
import { mayChange, stageOf } from "./board-stage.js";

/** @type {Readonly<BoardMedia>} */
const NONE = Object.freeze({ status: "missing", job: null, url: null, poster: null, kept: false, error: null, count: 0 });

/** One character's portrait, or video: what the board says of it, and what its job tells while that may be something else. */
export class Slot {
  /** @type {BoardMedia} */
  media = NONE;
  #life = new AbortController();
  /** @type {Watch | null} */
  #watch = null;
  /** @type {string | null} */
  #watched = null;
  /** @type {Stage} */
  #before = "missing";
  #client;
  #news;

  /**
   * @param {Client} client
   * @param {{onChange: () => void, onEnd: () => void}} news  `onEnd`: its job has ended, which the board does not say yet
   */
  constructor(client, news) {
    this.#client = client;
    this.#news = news;
  }

  /** @returns {Stage} */
  get stage() {
    return stageOf(this.media, this.situation?.state ?? null);
  }

  /** @returns {Situation | null} */
  get situation() {
    return this.#watch?.situation() ?? null;
  }

  /** Whether its job is still to be done. */
  get isUnderWay() {
    return this.stage === "waiting" || this.stage === "making";
  }

  /** @param {BoardMedia} media */
  show(media) {
    this.media = media;
    const job = mayChange(media) ? media.job : null;
    if (job === this.#watched) return;
    this.close();
    this.#life = new AbortController();
    this.#watched = job;
    this.#watch = job === null ? null : new Watch(this.#client, job, () => this.#look(), this.#life.signal);
    this.#before = this.stage;
  }

  /** Ends the watching. */
  close() {
    this.#life.abort();
    this.#watch = null;
    this.#watched = null;
  }

  #look() {
    const { stage } = this;
    const ended = stage !== this.#before && !this.isUnderWay;
    this.#before = stage;
    this.#news.onChange();
    if (ended) this.#news.onEnd();
  }
}
