/** @import { Client } from "../../client/types.js" */
/** @import { Memory } from "./memory.js" */
/** @import { Entry, News } from "./news.js" */
/** @import { Load } from "./task.js" */
import { LimnerError } from "../../client/index.js";
import { afterTelling, isSettled } from "./news.js";
import { Task } from "./task.js";

/** What is done with something that was made and told of already. */
const UNTOLD = ["upload", "removal"];

/** Between two attempts to ask for what is unfinished. */
const AGAIN_MS = 10_000;

/**
 * The jobs of this browser that somebody may still want to hear of: those submitted here, those of their sets, those that
 * the server names, and those that this or another tab remembers.
 */
export class Tasks {
  /** @type {Map<string, Task>} */
  #tasks = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #again;
  #closed = false;
  #leave;
  #client;
  #memory;
  #options;

  /**
   * @param {{client: Client, memory: Memory, load: Load, changed: () => void, now?: () => number}} options
   */
  constructor({ client, memory, load, changed, now = Date.now }) {
    this.#client = client;
    this.#memory = memory;
    this.#options = { client, load, changed, now };
    this.#leave = client.requested.subscribe((ids) => ids.forEach((id) => this.#follow(id, {}, true)));
    for (const id of memory.ids(now())) this.#follow(id);
  }

  /** In the order in which they were met. */
  get all() {
    return [...this.#tasks.values()];
  }

  /**
   * Whether it is, or was, one of these.
   *
   * @param {string} id
   */
  has(id) {
    return this.#tasks.has(id) || this.#memory.get(id) !== null;
  }

  /** @param {string} id */
  get(id) {
    return this.#tasks.get(id) ?? null;
  }

  /** Asks the server for what is unfinished; later again where it cannot be asked. */
  async find() {
    clearTimeout(this.#again);
    try {
      const jobs = await this.#client.active();
      if (this.#closed) return;
      // Whoever comes here in the middle sees the tray, and is told of what happens from now on.
      const told = jobs.filter(({ kind }) => !UNTOLD.includes(kind)).reverse();
      for (const { id, status, version } of told) this.#follow(id, { told: status, version }, true);
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      if (!this.#closed) this.#again = setTimeout(() => void this.find(), AGAIN_MS);
    }
  }

  /**
   * Another tab has noted something.
   *
   * @param {string | null} key  of an item of the storage
   */
  noted(key) {
    const id = this.#memory.idIn(key);
    if (id === null) return;
    const task = this.#tasks.get(id);
    if (task === undefined) return this.#follow(id);
    task.entry = this.#memory.get(id) ?? task.entry;
    this.#changed(task);
  }

  /**
   * What is to be told now.
   *
   * @returns {{task: Task, news: News}[]}
   */
  news() {
    return this.all.flatMap((task) => {
      task.entry = this.#memory.get(task.id) ?? task.entry;
      return task.news === null ? [] : [{ task, news: task.news }];
    });
  }

  /**
   * It was told: nobody tells it again.
   *
   * @param {Task} task
   * @param {News} news
   */
  told(task, news) {
    this.#note(task, afterTelling(task.entry, news, task.job, this.#options.now()));
  }

  /**
   * A person has seen how it ended.
   *
   * @param {Task} task
   */
  dismiss(task) {
    this.#note(task, { ...task.entry, dismissed: true, at: this.#options.now() });
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#again);
    this.#leave();
    for (const task of this.#tasks.values()) task.close();
    this.#tasks.clear();
  }

  /**
   * @param {string} id
   * @param {Partial<Entry>} [known]
   * @param {boolean} [begun]  it has begun again, whatever was told of it before
   */
  #follow(id, known = {}, begun = false) {
    const there = this.#tasks.get(id);
    if (there !== undefined) return this.#name(there, known);
    const remembered = this.#memory.get(id);
    if (remembered !== null && isSettled(remembered) && !begun) return;
    const { now } = this.#options;
    const fresh = { label: "", set: "", told: null, version: 0, dismissed: false, at: now(), ...known };
    const task = new Task(id, remembered ?? fresh, { ...this.#options, changed: (changed) => this.#changed(changed) });
    this.#tasks.set(id, task);
    if (remembered === null) this.#memory.put(id, fresh);
    this.#changed(task);
  }

  /**
   * @param {Task} task
   * @param {Partial<Entry>} known
   */
  #name(task, { label = "", set = "" }) {
    if (label === "" || (task.entry.label === label && task.entry.set === set)) return;
    this.#note(task, { ...(this.#memory.get(task.id) ?? task.entry), label, set });
  }

  /**
   * @param {Task} task
   * @param {Entry} entry
   */
  #note(task, entry) {
    task.entry = entry;
    this.#memory.put(task.id, entry);
    this.#changed(task);
  }

  /** @param {Task} task */
  #changed(task) {
    if (this.#closed) return;
    for (const { name, portrait } of task.job?.result?.characters ?? []) {
      this.#follow(portrait, { label: name, set: task.id });
    }
    if (isSettled(task.entry) && task.news === null && !task.unfinished) this.#drop(task);
    else void task.fetchPicture();
    this.#options.changed();
  }

  /** @param {Task} task */
  #drop(task) {
    task.close();
    this.#tasks.delete(task.id);
  }
}
