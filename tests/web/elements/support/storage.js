/**
 * A browser's storage, as far as it goes.
 *
 * @implements {Storage}
 */
export class FakeStorage {
  /** @type {Map<string, string>} */
  #items = new Map();
  /** Whether there is no room for more. */
  full = false;

  get length() {
    return this.#items.size;
  }

  /** @param {number} index */
  key(index) {
    return [...this.#items.keys()][index] ?? null;
  }

  /** @param {string} key */
  getItem(key) {
    return this.#items.get(key) ?? null;
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  setItem(key, value) {
    if (this.full) throw new DOMException("no room", "QuotaExceededError");
    this.#items.set(key, value);
  }

  /** @param {string} key */
  removeItem(key) {
    this.#items.delete(key);
  }

  clear() {
    this.#items.clear();
  }
}
