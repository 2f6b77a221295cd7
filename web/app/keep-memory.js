const SENT = "limner-keep";
const KEPT = "limner-kept";
/** The newest so many are remembered. */
const MOST = 50;

/** @typedef {{set: string, id: string, name: string}} Kept  a set, and the world that was made of it */

/** What this tab remembers, also across a reload: the key of what was sent and is not known to have arrived, and what was kept. */
export class KeepMemory {
  /** @type {Map<string, string>} */
  #items = new Map();
  #storage;
  #newKey;

  /**
   * @param {Storage | null} storage  null where there is none: a reload forgets then
   * @param {() => string} newKey
   */
  constructor(storage, newKey) {
    this.#storage = storage;
    this.#newKey = newKey;
  }

  /**
   * The key to send this with: the same one again until it was kept, or something else is sent.
   *
   * @param {string} sent
   * @returns {string}
   */
  keyOf(sent) {
    const last = this.#read(SENT);
    if (isObject(last) && last["sent"] === sent && typeof last["key"] === "string") return last["key"];
    const key = this.#newKey();
    this.#write(SENT, { sent, key });
    return key;
  }

  /** @param {Kept} kept */
  succeeded(kept) {
    this.#write(SENT, null);
    this.#write(KEPT, [kept, ...this.#kept().filter(({ set }) => set !== kept.set)].slice(0, MOST));
  }

  /**
   * The world that was made of a set last, or null.
   *
   * @param {string} set
   */
  worldOf(set) {
    return this.#kept().find((kept) => kept.set === set) ?? null;
  }

  /**
   * A world is gone.
   *
   * @param {string} id
   */
  forget(id) {
    this.#write(KEPT, this.#kept().filter((kept) => kept.id !== id));
  }

  /** @returns {Kept[]} */
  #kept() {
    const value = this.#read(KEPT);
    return Array.isArray(value) ? value.filter(isKept) : [];
  }

  /**
   * @param {string} item
   * @returns {unknown}
   */
  #read(item) {
    try {
      return JSON.parse(this.#items.get(item) ?? this.#storage?.getItem(item) ?? "null");
    } catch {
      return null;
    }
  }

  /**
   * @param {string} item
   * @param {unknown} value
   */
  #write(item, value) {
    const text = JSON.stringify(value);
    this.#items.set(item, text);
    try {
      this.#storage?.setItem(item, text);
    } catch {
      // Full, or not allowed: until the next reload it is known all the same.
    }
  }
}

/** The storage of this tab, or null where the page may not use it. */
export function storageOfTab() {
  try {
    return globalThis.sessionStorage ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {unknown} value
 * @returns {value is Record<string, unknown>}
 */
const isObject = (value) => typeof value === "object" && value !== null;

/**
 * @param {unknown} value
 * @returns {value is Kept}
 */
const isKept = (value) => isObject(value) && ["set", "id", "name"].every((field) => typeof value[field] === "string");
