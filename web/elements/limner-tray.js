/** @import { Client, Job } from "../client/types.js" */
/** @import { Act } from "./tray/frame.js" */
/** @import { Task } from "./tray/task.js" */
/** @import { Words } from "./words.js" */
import { sharedClient } from "./shared-client.js";
import { Frame } from "./tray/frame.js";
import { Memory, storageOfBrowser } from "./tray/memory.js";
import { Orders } from "./tray/orders.js";
import { labelOf, rowsOf, summaryOf } from "./tray/rows.js";
import { styleSheet } from "./tray/styles.js";
import { TabMark, markOf } from "./tray/tab-mark.js";
import { Tasks } from "./tray/tasks.js";
import { toastOf } from "./tray/telling.js";
import { Toasts } from "./tray/toasts.js";
import { words, wordsChanges } from "./words.js";

/**
 * Where a link to a job leads, or null for none; `set` is the `characters` job that it belongs to, or empty.
 *
 * @typedef {(job: Job, set: string) => string | null} HrefOf
 */

const TICK_MS = 1_000;

/**
 * What this browser has asked for and what became of it: a line that opens to a list, and toasts; over the edge of the
 * page, or `docked`, in a row of it.
 * README.md lists attributes, properties, events and parts.
 */
export class LimnerTrayElement extends HTMLElement {
  /**
   * Registers the element and returns the class that stands for `tag`, which is another one if the tag was taken.
   *
   * @param {string} [tag]
   * @param {CustomElementRegistry} [registry]
   */
  static define(tag = "limner-tray", registry = customElements) {
    const taken = registry.get(tag);
    if (taken !== undefined) return taken;
    registry.define(tag, this);
    return this;
  }

  /** @type {Client | null} */
  #client = null;
  /** @type {Partial<Words>} */
  #words = {};
  /** @type {HrefOf} */
  #hrefOf = (job) => {
    const url = job.result?.url;
    return url === undefined ? null : this.client.resolve(url);
  };
  #toasts = new Toasts((act, id, click) => this.#act(act, id, click));
  #frame = new Frame(this.#toasts.element, (act, id, click) => this.#act(act, id, click), () => void this.#retryAll());
  #mark = new TabMark();
  #life = new AbortController();
  /** @type {Tasks | null} */
  #tasks = null;
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #tick;
  #due = false;
  #orders = new Orders(() => this.client, () => this.#render());

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [styleSheet()];
    shadow.append(this.#frame.root);
  }

  get client() {
    return this.#client ?? sharedClient();
  }

  set client(client) {
    this.#client = client;
    if (this.isConnected) this.#start();
  }

  /** Words for this element alone; those left out are the page's. */
  get words() {
    return this.#words;
  }

  set words(replacements) {
    this.#words = replacements;
    this.#render();
  }

  /** To what a finished job has made, unless the page knows better. */
  get hrefOf() {
    return this.#hrefOf;
  }

  set hrefOf(hrefOf) {
    this.#hrefOf = hrefOf;
    this.#render();
  }

  /**
   * Whether the tray tells, or has told, what becomes of this job.
   *
   * @param {string} id
   */
  tells(id) {
    return this.#tasks?.has(id) ?? false;
  }

  /** Asks the server now for what is unfinished: something was asked for in another way than through the client. */
  async find() {
    await this.#tasks?.find();
  }

  connectedCallback() {
    for (const name of /** @type {const} */ (["client", "words", "hrefOf"])) this.#upgrade(name);
    this.#start();
  }

  disconnectedCallback() {
    this.#stop();
  }

  /**
   * A property set before the element was defined hides the accessor; set it again.
   *
   * @param {"client" | "words" | "hrefOf"} name
   */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    Object.assign(this, { [name]: value });
  }

  #start() {
    this.#stop();
    this.#life = new AbortController();
    const { client } = this;
    const { signal } = this.#life;
    const tasks = new Tasks({
      client,
      memory: new Memory(storageOfBrowser(), client.resolve("/")),
      load: (picture, leave) => picture.load((path) => client.resolve(path), leave),
      changed: () => this.#render(),
    });
    this.#tasks = tasks;
    const seen = () => {
      if (!document.hidden) void tasks.find();
      this.#render();
    };
    document.addEventListener("visibilitychange", seen, { signal });
    // The list of a docked tray lies over the page, like a menu.
    const aside = (/** @type {Event} */ event) => event.composedPath().includes(this) || this.#shut();
    document.addEventListener("pointerdown", aside, { signal });
    window.addEventListener("storage", ({ key }) => tasks.noted(key), { signal });
    wordsChanges.addEventListener("change", () => this.#render(), { signal });
    this.#tick = setInterval(() => this.#render(), TICK_MS);
    void tasks.find();
    this.#render();
  }

  #shut() {
    if (this.hasAttribute("docked")) this.#frame.close();
  }

  #stop() {
    this.#life.abort();
    clearInterval(this.#tick);
    this.#tasks?.close();
    this.#tasks = null;
    this.#toasts.clear();
    this.#mark.show(null);
  }

  /** Once for all that changes together. */
  #render() {
    if (this.#due) return;
    this.#due = true;
    queueMicrotask(() => {
      this.#due = false;
      if (this.#tasks !== null) this.#show(this.#tasks);
    });
  }

  /** @param {Tasks} tasks */
  #show(tasks) {
    const table = this.#table();
    if (!document.hidden) this.#tell(tasks, table);
    const rows = rowsOf(tasks.all, table);
    const unfinished = rows.filter(({ state, action }) => state !== "failed" && action !== "reload").length;
    const count = (/** @type {string} */ end) => tasks.news().filter(({ news }) => news === end).length;
    const counts = { unfinished, succeeded: count("succeeded"), failed: count("failed") };
    if (this.hasAttribute("tab")) this.#mark.show(document.hidden ? markOf(counts) : null);
    this.#frame.show(rows, summaryOf(rows, table, Date.now()), table, (id) => {
      const task = tasks.get(id);
      return { href: task === null ? null : this.#href(task), busy: this.#orders.awaits(id) };
    });
    this.toggleAttribute("empty", rows.length === 0 && this.#toasts.element.childElementCount === 0);
  }

  /**
   * @param {Tasks} tasks
   * @param {Words} table
   */
  #tell(tasks, table) {
    for (const { task, news } of tasks.news()) {
      const { job } = task;
      const href = this.#href(task);
      tasks.told(task, news);
      if (job === null || news === "gone") continue;
      const toast = toastOf({ news, job, label: labelOf(task, table), image: task.image, href }, table);
      this.#toasts.show(task.id, toast);
      // Those of a set come by the handful, and the set itself was told of.
      if (news !== "queued" || task.entry.set === "") this.#frame.say(sentenceOf(toast));
    }
  }

  /** @type {Act} */
  #act = (act, id, click) => {
    if (act === "visit") return this.#visit(id, click);
    const task = this.#tasks?.get(id) ?? null;
    if (act === "dismiss") {
      if (task !== null && !task.unfinished) this.#tasks?.dismiss(task);
      this.#toasts.remove(id);
      if (!this.#toasts.focus()) this.#frame.focus();
      return;
    }
    if (task === null) return;
    if (act === "stop") void this.#orders.give(task, "cancel");
    if (act === "retry") void this.#orders.give(task, "retry");
    if (act === "reload") void task.fetchPicture({ again: true });
  };

  /**
   * @param {string} id
   * @param {Event | null} click
   */
  #visit(id, click) {
    const event = new CustomEvent(`${this.localName}-visit`, {
      bubbles: true,
      composed: true,
      cancelable: true,
      detail: { job: id },
    });
    if (!this.dispatchEvent(event)) click?.preventDefault();
    this.#toasts.remove(id);
  }

  async #retryAll() {
    const table = this.#table();
    const failed = rowsOf(this.#tasks?.all ?? [], table).filter(({ action }) => action === "retry");
    this.#frame.remark(null);
    this.#frame.remark(await this.#orders.retryAll(failed.map(({ id }) => id), table));
  }

  /** @returns {Words} */
  #table() {
    return { ...words(), ...this.#words };
  }

  /** @param {Task} task */
  #href({ job, entry }) {
    return job === null ? null : this.hrefOf(job, entry.set);
  }
}

/** @param {{label: string, text: string, detail: string | null}} toast */
function sentenceOf({ label, text, detail }) {
  return [`${label}: ${text}.`, detail].filter((part) => part !== null).join(" ");
}
