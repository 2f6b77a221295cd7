/** @import { Client, JobState, Store } from "../client/types.js" */
/** @import { Situation } from "./view.js" */
import { follow, noWait } from "./wait.js";

const TICK_MS = 1_000;

/** Follows one job, the connection and the clock until its signal is aborted. */
export class Watch {
  /** @type {Client} */
  #client;
  /** @type {Store<JobState>} */
  #store;
  #wait = noWait;

  /**
   * @param {Client} client
   * @param {string} id
   * @param {() => void} changed  called on every change, and every second
   * @param {AbortSignal} signal
   */
  constructor(client, id, changed, signal) {
    this.#client = client;
    this.#store = client.job(id);
    const update = () => {
      this.#wait = follow(this.#wait, this.#store.snapshot(), Date.now());
      changed();
    };
    const leave = [this.#store.subscribe(update), client.connection.subscribe(changed)];
    const timer = setInterval(changed, TICK_MS);
    signal.addEventListener("abort", () => {
      clearInterval(timer);
      for (const unsubscribe of leave) unsubscribe();
    });
    this.#wait = follow(this.#wait, this.#store.snapshot(), Date.now());
  }

  get job() {
    return this.#store.snapshot().job;
  }

  get connected() {
    return this.#client.connection.snapshot().phase === "open";
  }

  /** @returns {Situation} */
  situation() {
    const { lostAt } = this.#client.connection.snapshot();
    return { state: this.#store.snapshot(), wait: this.#wait, lostAt, now: Date.now() };
  }
}
