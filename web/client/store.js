/**
 * A value that changes, with the face that `useSyncExternalStore` and `for await` want.
 *
 * @template T
 */
export class Store {
  /** @type {T} */
  #value;
  /** @type {Set<{listener: (value: T) => void}>} */
  #subscriptions = new Set();
  #ended = false;
  #hooks;

  /**
   * @param {T} value
   * @param {{onFirst?: () => void, onLast?: () => void}} [hooks] The first subscriber came; the last one left.
   */
  constructor(value, hooks = {}) {
    this.#value = value;
    this.#hooks = hooks;
  }

  /** The value of now: the same object until it changes. */
  snapshot = () => this.#value;

  /**
   * Calls `listener` on every change, not for the value of now. The answer ends it; calling that twice does no harm.
   *
   * @param {(value: T) => void} listener
   * @returns {() => void}
   */
  subscribe = (listener) => {
    const subscription = { listener };
    this.#subscriptions.add(subscription);
    if (this.#subscriptions.size === 1) this.#hooks.onFirst?.();
    return () => {
      if (this.#subscriptions.delete(subscription) && this.#subscriptions.size === 0) this.#hooks.onLast?.();
    };
  };

  /** @param {T} value */
  set(value) {
    if (value === this.#value) return;
    this.#value = value;
    this.#tell();
  }

  /** Ends every `for await` over this store. */
  end() {
    this.#ended = true;
    this.#tell();
  }

  #tell() {
    for (const subscription of [...this.#subscriptions]) {
      if (!this.#subscriptions.has(subscription)) continue;
      try {
        subscription.listener(this.#value);
      } catch (error) {
        // One listener's fault must not keep the news from the others, nor be hidden.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }

  /** The value of now, then every newer one; whoever is slow gets the newest only. */
  async *[Symbol.asyncIterator]() {
    /** @type {(() => void) | null} */
    let wake = null;
    const unsubscribe = this.subscribe(() => wake?.());
    try {
      let given = this.#value;
      yield given;
      while (!this.#ended) {
        if (given === this.#value) {
          await /** @type {Promise<void>} */ (new Promise((resolve) => (wake = resolve)));
          continue;
        }
        given = this.#value;
        yield given;
      }
    } finally {
      unsubscribe();
    }
  }
}
