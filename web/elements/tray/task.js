/** @import { Client, Job, JobState, JobStore } from "../../client/types.js" */
/** @import { Situation } from "../view.js" */
/** @import { Entry, News } from "./news.js" */
import { isFinal } from "../../client/index.js";
import { Picture } from "../picture.js";
import { UNKNOWN_MS, pictureUrl } from "../view.js";
import { follow, noWait } from "../wait.js";
import { newsOf } from "./news.js";

/**
 * Gets a picture here, decoded; null where it does not arrive. `Picture.load` without its resolving.
 *
 * @typedef {(picture: Picture, signal: AbortSignal) => Promise<HTMLImageElement | null>} Load
 */

/** One job that is followed: its state, its waiting, its picture, and what was told of it. */
export class Task {
  picture = new Picture();
  /** @type {HTMLImageElement | null} */
  image = null;
  /**
   * Why the server would not do what a button asked for.
   *
   * @type {string | null}
   */
  refusal = null;
  #life = new AbortController();
  #wait = noWait;
  #load;
  #changed;
  #now;
  /** @type {JobStore} */
  #store;

  /**
   * @param {string} id
   * @param {Entry} entry
   * @param {{client: Client, load: Load, changed: (task: Task) => void, now: () => number}} options
   */
  constructor(id, entry, { client, load, changed, now }) {
    this.id = id;
    this.entry = entry;
    this.#load = load;
    this.#changed = changed;
    this.#now = now;
    this.#store = client.job(id);
    const leave = this.#store.subscribe(() => this.#look());
    this.#life.signal.addEventListener("abort", leave);
    this.#wait = follow(this.#wait, this.#store.snapshot(), now());
  }

  /** @returns {Job | null} */
  get job() {
    return this.#store.snapshot().job;
  }

  get kind() {
    return this.job?.kind ?? "";
  }

  /** What it is called, or empty: `metadata.name`, or what its set calls it. */
  get label() {
    const name = this.job?.metadata?.["name"];
    return typeof name === "string" && name !== "" ? name : this.entry.label;
  }

  /** Whether something is still to come, as far as anybody knows. */
  get unfinished() {
    return this.job === null ? !this.gone : !isFinal(this.job);
  }

  /** The job is no longer kept, or never came into being. */
  get gone() {
    const { unknownSince } = this.#wait;
    const unknown = unknownSince !== null && this.#now() - unknownSince >= UNKNOWN_MS;
    return unknown || this.#store.snapshot().phase === "expired";
  }

  /**
   * What is to be told of it now. That there is a picture only when it is here.
   *
   * @returns {News | null}
   */
  get news() {
    if (this.gone) return this.entry.told === "gone" ? null : "gone";
    const news = this.job === null ? null : newsOf(this.entry, this.job);
    return news === "succeeded" && this.#awaited() !== null ? null : news;
  }

  /** Whether it is made, and its picture is not here yet. */
  get arriving() {
    return this.#awaited() !== null;
  }

  /**
   * What `viewOf` wants to know.
   *
   * @param {number | null} lostAt
   * @returns {Situation}
   */
  situation(lostAt) {
    return { state: this.#store.snapshot(), wait: this.#wait, lostAt, now: this.#now() };
  }

  /**
   * Gets the picture here, if there is one to be told of.
   *
   * @param {{again?: boolean}} [options]  `again`: though it was asked for in vain
   */
  async fetchPicture({ again = false } = {}) {
    const path = this.#awaited();
    if (path === null || (this.picture.path === path && !(again && this.picture.lost))) return;
    this.picture.path = path;
    this.image = await this.#load(this.picture, this.#life.signal);
    if (!this.#life.signal.aborted) this.#changed(this);
  }

  close() {
    this.#life.abort();
  }

  #look() {
    /** @type {JobState} */
    const state = this.#store.snapshot();
    this.#wait = follow(this.#wait, state, this.#now());
    if (state.job !== null && !isFinal(state.job)) this.#begin();
    this.#changed(this);
  }

  #begin() {
    if (this.picture.path !== "") this.picture = new Picture();
    this.image = null;
  }

  /** The picture that is to be told of and is not here yet. */
  #awaited() {
    const { job } = this;
    if (job === null || newsOf(this.entry, job) !== "succeeded") return null;
    const path = pictureUrl(job);
    return path === null || (this.picture.shown && this.picture.path === path) ? null : path;
  }
}
