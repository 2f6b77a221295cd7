/** @import { Clock, JobState, JobStore } from "./types.js" */

import { parseJobId } from "./ids.js";
import { loading, missing, versionOf } from "./records.js";
import { Store } from "./store.js";

/** A job without subscribers is watched that much longer: a page that redraws itself leaves and comes back at once. */
export const LINGER_MS = 2_000;
/** A job that was submitted is remembered that long though nobody holds its store. */
const KEEP_MS = 60_000;

/** @extends {Store<JobState>} */
class StoreOfJob extends Store {
  /**
   * @param {JobState} state
   * @param {{onFirst?: () => void, onLast?: () => void}} hooks
   */
  constructor(state, hooks) {
    super(state, hooks);
    this.id = state.id;
  }
}

/** One store per job, as long as anybody holds it, and the jobs that are watched for their sake. */
export class JobStores {
  /** @type {Map<string, WeakRef<StoreOfJob>>} */
  #stores = new Map();
  /** @type {FinalizationRegistry<string>} */
  #dropped = new FinalizationRegistry((id) => this.#forget(id));
  /** @type {Map<string, StoreOfJob>} */
  #watched = new Map();
  /** @type {Map<string, unknown>} Timers of jobs that have no subscriber any more. */
  #lingering = new Map();
  /** @type {Map<string, {store: JobStore, until: number}>} */
  #kept = new Map();
  #closed = false;
  #options;

  /**
   * @param {{clock: Clock, watch: (state: JobState) => void, unwatch: (id: string) => void}} options
   */
  constructor(options) {
    this.#options = options;
  }

  /**
   * @param {string} id
   * @returns {JobStore}
   */
  get(id) {
    const present = this.#stores.get(id)?.deref();
    if (present) return present;
    const store = this.#make(id);
    this.#stores.set(id, new WeakRef(store));
    this.#dropped.register(store, id);
    return store;
  }

  /** @param {JobState} state */
  set(state) {
    this.#stores.get(state.id)?.deref()?.set(state);
  }

  /**
   * A state from elsewhere: taken where nobody watches, if it is newer. Where somebody does, the machine decides.
   *
   * @param {JobState} state
   */
  offer(state) {
    const store = this.get(state.id);
    if (!this.#watched.has(state.id) && versionOf(state) > versionOf(store.snapshot())) this.set(state);
    return store;
  }

  /**
   * Holds the store for a while, for a page that was just given the job and has yet to ask for it.
   *
   * @param {JobStore} store
   */
  keep(store) {
    const now = this.#options.clock.now();
    for (const [id, { until }] of this.#kept) if (until < now) this.#kept.delete(id);
    this.#kept.set(store.id, { store, until: now + KEEP_MS });
  }

  close() {
    this.#closed = true;
    for (const timer of this.#lingering.values()) this.#options.clock.clearTimeout(timer);
    for (const store of this.#stores.values()) store.deref()?.end();
  }

  /** @param {string} id */
  #make(id) {
    // The server knows no other ids, and one of those would spoil the message it is in.
    if (parseJobId(id) !== id) return new StoreOfJob(missing(id, false), {});
    /** @type {StoreOfJob} */
    const store = new StoreOfJob(loading(id), { onFirst: () => this.#enter(store), onLast: () => this.#leave(id) });
    return store;
  }

  /** @param {StoreOfJob} store */
  #enter(store) {
    this.#options.clock.clearTimeout(this.#lingering.get(store.id));
    this.#lingering.delete(store.id);
    if (this.#closed || this.#watched.has(store.id)) return;
    this.#watched.set(store.id, store);
    this.#options.watch(store.snapshot());
  }

  /** @param {string} id */
  #leave(id) {
    if (this.#closed) return;
    const end = () => {
      this.#lingering.delete(id);
      this.#watched.delete(id);
      this.#options.unwatch(id);
    };
    this.#lingering.set(id, this.#options.clock.setTimeout(end, LINGER_MS));
  }

  /** @param {string} id */
  #forget(id) {
    if (this.#stores.get(id)?.deref() === undefined) this.#stores.delete(id);
  }
}
