/** @import { Entry, News } from "./news.js" */

/** What was noted longer ago is forgotten: the server keeps no finished job that long. */
export const KEEP_MS = 24 * 3_600_000;
/** The newest so many are remembered. */
export const MOST = 300;

const NEWS = ["queued", "processing", "succeeded", "failed", "canceled", "gone"];

/**
 * What this browser remembers of its jobs, across reloads and for all its tabs: one item of the storage for each, so that
 * tabs do not overwrite each other's.
 */
export class Memory {
  /** @type {Map<string, Entry>} */
  #known = new Map();
  #storage;
  #stem;

  /**
   * @param {Storage | null} storage  null where there is none: nothing outlives this tab then
   * @param {string} server           its address; another one has other jobs
   */
  constructor(storage, server) {
    this.#storage = storage;
    this.#stem = `limner-task ${server} `;
  }

  /** @param {string} id */
  get(id) {
    const known = this.#known.get(id) ?? null;
    const stored = this.#stored(id);
    return known !== null && (stored === null || isNewer(known, stored)) ? known : stored;
  }

  /**
   * @param {string} id
   * @param {Entry} entry
   */
  put(id, entry) {
    this.#known.set(id, entry);
    try {
      this.#storage?.setItem(this.#stem + id, JSON.stringify(entry));
    } catch {
      // Full, or not allowed: this tab knows it all the same, and after a reload it is told once more.
    }
  }

  /**
   * All that is remembered, oldest first. What is too old, or too much, is forgotten.
   *
   * @param {number} now
   * @returns {string[]}
   */
  ids(now) {
    const found = this.#keys().map((key) => ({ key, at: this.get(key.slice(this.#stem.length))?.at ?? 0 }));
    found.sort((a, b) => a.at - b.at);
    const kept = found.filter(({ at }) => now - at < KEEP_MS).slice(-MOST);
    const staying = new Set(kept);
    for (const each of found) if (!staying.has(each)) this.#storage?.removeItem(each.key);
    return kept.map(({ key }) => key.slice(this.#stem.length));
  }

  /**
   * The id of the job that an item of the storage is about, or null.
   *
   * @param {string | null} key
   */
  idIn(key) {
    return key?.startsWith(this.#stem) ? key.slice(this.#stem.length) : null;
  }

  /** @param {string} id */
  #stored(id) {
    try {
      return parse(this.#storage?.getItem(this.#stem + id) ?? null);
    } catch {
      return null;
    }
  }

  #keys() {
    const keys = [];
    for (let index = 0; index < (this.#storage?.length ?? 0); index += 1) {
      const key = this.#storage?.key(index) ?? null;
      if (key?.startsWith(this.#stem)) keys.push(key);
    }
    return keys;
  }
}

/**
 * By what was told, and only then by when: a tab that is behind may write last.
 *
 * @param {Entry} one
 * @param {Entry} other
 */
function isNewer(one, other) {
  return one.version > other.version || (one.version === other.version && one.at > other.at);
}

/** The browser's storage, or null where the page may not use it. */
export function storageOfBrowser() {
  try {
    return globalThis.localStorage ?? null;
  } catch {
    return null;
  }
}

/**
 * @param {string | null} text
 * @returns {Entry | null}
 */
function parse(text) {
  const value = text === null ? null : JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const { label, set, told, version, dismissed, at } = /** @type {Record<string, unknown>} */ (value);
  return {
    label: typeof label === "string" ? label : "",
    set: typeof set === "string" ? set : "",
    told: typeof told === "string" && NEWS.includes(told) ? /** @type {News} */ (told) : null,
    version: typeof version === "number" ? version : 0,
    dismissed: dismissed === true,
    at: typeof at === "number" ? at : 0,
  };
}
