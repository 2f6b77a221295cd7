/** @import { Client } from "../client/types.js" */
/** @import { View } from "./view.js" */
/** @import { Words } from "./words.js" */
import { LimnerError } from "../client/index.js";
import { PortraitAttributes } from "./attributes.js";
import { setAttribute } from "./dom.js";
import { Frame } from "./frame.js";
import { Picture } from "./picture.js";
import { sharedClient } from "./shared-client.js";
import { styleSheet } from "./styles.js";
import { viewOf } from "./view.js";
import { noWait } from "./wait.js";
import { Watch } from "./watch.js";
import { words, wordsChanges } from "./words.js";

const WORKING = ["queued", "processing"];

/**
 * One portrait from its job's id: the canvas while it waits, live previews while it is painted, the picture, or why
 * there is none and what can be done. README.md lists attributes, properties, events and parts.
 */
export class LimnerPortraitElement extends PortraitAttributes {
  static observedAttributes = ["job", "alt"];

  /**
   * Registers the element and returns the class that stands for `tag`, which is another one if the tag was taken.
   *
   * @param {string} [tag]
   * @param {CustomElementRegistry} [registry]
   */
  static define(tag = "limner-portrait", registry = customElements) {
    const taken = registry.get(tag);
    if (taken !== undefined) return taken;
    registry.define(tag, this);
    return this;
  }

  /** @type {Client | null} */
  #client = null;
  /** @type {Partial<Words>} */
  #words = {};
  #frame = new Frame();
  #life = new AbortController();
  /** @type {Watch | null} */
  #watch = null;
  /** @type {View | null} */
  #view = null;
  #waited = false;
  #picture = new Picture();
  #connected = false;
  /** @type {string | null} */
  #refusal = null;

  constructor() {
    super();
    const shadow = this.attachShadow({ mode: "open" });
    shadow.adoptedStyleSheets = [styleSheet()];
    shadow.append(this.#frame.root);
    this.#frame.button.addEventListener("click", () => void this.#press());
  }

  /** What is shown now, as in the attribute `state`. */
  get state() {
    return this.#view?.state ?? "loading";
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
    if (this.isConnected) this.#render();
  }

  connectedCallback() {
    this.#upgrade("client");
    this.#upgrade("words");
    this.#start();
  }

  disconnectedCallback() {
    this.#life.abort();
    this.#watch = null;
  }

  /**
   * @param {string} name
   * @param {string | null} before
   * @param {string | null} after
   */
  attributeChangedCallback(name, before, after) {
    if (!this.isConnected || before === after) return;
    if (name === "job") this.#start();
    else {
      this.#frame.renamePicture(this.#name());
      this.#render();
    }
  }

  /**
   * A property set before the element was defined hides the accessor; set it again.
   *
   * @param {"client" | "words"} name
   */
  #upgrade(name) {
    if (!Object.hasOwn(this, name)) return;
    const value = this[name];
    delete this[name];
    Object.assign(this, { [name]: value });
  }

  #start() {
    this.#life.abort();
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.#forget();
    wordsChanges.addEventListener("change", () => this.#render(), { signal });
    this.#watch = this.job === "" ? null : new Watch(this.client, this.job, () => this.#changed(), signal);
    this.#render();
  }

  #forget() {
    this.#view = null;
    this.#waited = false;
    this.#picture = new Picture();
    this.#refusal = null;
    this.#frame.clear();
  }

  #changed() {
    const back = this.#watch?.connected === true && !this.#connected;
    this.#connected = this.#watch?.connected ?? false;
    if (back && this.#picture.lost) void this.#load();
    else if (!this.#picture.shown) this.#render();
  }

  #render() {
    const table = this.#table();
    const situation = this.#watch?.situation() ?? nowhere();
    if (this.#picture.shown && situation.state.phase !== "known") return; // what was shown is not taken away
    const view = viewOf(situation, table);
    if (this.#picture.lost) Object.assign(view, { line: table.lost, action: "reload" });
    if (this.#refusal !== null) view.detail = this.#refusal;
    if (this.quiet) view.connection = null;
    const before = this.#view;
    this.#view = view;
    this.#frame.show(view, table, this.#name());
    setAttribute(this, "state", view.state);
    if (before?.state !== view.state) this.#turn(view, before, table);
    if (view.picture === null || view.picture === this.#picture.path) return;
    this.#picture.path = view.picture;
    void this.#load();
  }

  /**
   * A new state began: tells whom it concerns.
   *
   * @param {View} view
   * @param {View | null} before
   * @param {Words} table
   */
  #turn(view, before, table) {
    if (WORKING.includes(view.state) && !WORKING.includes(before?.state ?? "")) {
      if (before !== null && !before.waiting) this.#frame.clear();
      this.#waited = true;
      this.#picture.shown = false;
      this.#refusal = null;
      this.#say(`${table.generating} ${this.alt}`);
    }
    if (view.state !== "failed") return;
    if (this.#waited) this.#say(`${view.line ?? ""}. ${view.detail ?? ""}`);
    this.#emit("fail", { job: this.#watch?.job ?? null, waited: this.#waited });
  }

  async #load() {
    const { signal } = this.#life;
    const image = await this.#picture.load((path) => this.client.resolve(path), signal);
    if (signal.aborted) return;
    if (image !== null) this.#frame.showPicture(image, this.#name());
    this.#render();
    if (image === null) return;
    if (this.#waited) this.#say(this.#table().painted(this.#name()));
    this.#emit("load", { job: this.#watch?.job ?? null, waited: this.#waited });
  }

  async #press() {
    const action = this.#view?.action ?? null;
    if (action === "reload") await this.#load();
    if (action === "change") this.#emit("repaint", { job: this.job, reason: "description" });
    if (action === "repaint") this.#emit("repaint", { job: this.job, reason: "expired" });
    if (action === "retry" && this.#emit("retry", { job: this.job })) await this.#retry();
  }

  async #retry() {
    const { signal } = this.#life;
    const { button } = this.#frame;
    if (button.ariaBusy === "true") return;
    button.ariaBusy = "true"; // not disabled: that would take the focus away
    try {
      await this.client.retry(this.job);
    } catch (error) {
      this.#refusal = error instanceof LimnerError ? error.message : this.#table().refused;
    } finally {
      button.ariaBusy = "false";
    }
    if (!signal.aborted) this.#render();
  }

  /** @returns {Words} */
  #table() {
    return { ...words(), ...this.#words };
  }

  #name() {
    return this.alt || this.#table().portrait;
  }

  /** @param {string} sentence */
  #say(sentence) {
    if (!this.quiet) this.#frame.announce(sentence);
  }

  /**
   * @param {"load" | "fail" | "retry" | "repaint"} name
   * @param {object} detail
   */
  #emit(name, detail) {
    const options = { bubbles: true, composed: true, cancelable: name === "retry", detail };
    return this.dispatchEvent(new CustomEvent(`${this.localName}-${name}`, options));
  }
}

function nowhere() {
  return { state: { id: "", phase: /** @type {const} */ ("loading"), job: null }, wait: noWait, lostAt: null, now: 0 };
}
