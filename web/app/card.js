/** @import { Character, Client, Job } from "../client/types.js" */
import { LimnerError, newJobId } from "../client/index.js";
import { html, showText } from "../elements/dom.js";
import { LimnerPortraitElement } from "../elements/limner-portrait.js";
import { pictureUrl } from "../elements/view.js";
import { memberOf, metadataOf } from "./keep.js";
import { find, stamp } from "./page.js";
import { altOf, fileName } from "./sentences.js";

/**
 * @typedef {object} CardNews               what a card tells the page
 * @property {(painted: boolean) => void} onPainted   `painted`: it was waited for, not there from the start
 * @property {() => void} onDescribed  it is known now what the portrait was asked to show
 * @property {(reason: string) => void} onFailed
 * @property {(portrait: string) => void} onRepaint   before the new job is submitted
 */

/** One character on the wall: the portrait, the label beside it, and what can be done with them. */
export class Card {
  element = stamp("card");
  painted = false;

  #client;
  #character;
  #news;
  #portrait = find(this.element, "limner-portrait", LimnerPortraitElement);
  #save = find(this.element, ".save", HTMLAnchorElement);
  #stop = find(this.element, ".stop", HTMLButtonElement);
  #repaint = find(this.element, ".repaint", HTMLFormElement);
  #error = find(this.element, ".error", HTMLElement);
  #leave = () => {};
  /** @type {Map<string, string>} What the jobs of this page were asked to paint. */
  #asked = new Map();

  /**
   * @param {Client} client
   * @param {Character} character
   * @param {string} portrait  the job that paints it
   * @param {CardNews} news
   */
  constructor(client, character, portrait, news) {
    this.#client = client;
    this.#character = character;
    this.#news = news;
    this.#write();
    this.#listen();
    this.#portrait.client = client;
    this.watch(portrait);
  }

  /** @param {string} portrait */
  watch(portrait) {
    if (this.#portrait.job === portrait) return;
    this.#leave();
    this.painted = false;
    this.#portrait.job = portrait;
    const store = this.#client.job(portrait);
    let described = this.described;
    this.#leave = store.subscribe(({ job }) => {
      this.#offer(job);
      if (described || !this.described) return;
      described = true;
      this.#news.onDescribed();
    });
    this.#offer(store.snapshot().job);
  }

  /** The job that paints it. */
  get portrait() {
    return this.#portrait.job;
  }

  /** Whether it is known what the portrait was asked to show; else it is still to be heard. */
  get described() {
    const job = this.#portrait.job;
    return job === this.#character.portrait || this.#asked.has(job) || this.#client.job(job).snapshot().phase !== "loading";
  }

  /** The character as it is sent to be kept. Only once it is `described`. */
  get member() {
    return memberOf(this.#character, this.#portrait.job, this.#described);
  }

  /** Brings it into view. */
  show() {
    this.element.scrollIntoView({ block: "center" });
    find(this.element, ".name", HTMLElement).focus({ preventScroll: true });
  }

  /** Ends all watching; the card is about to leave the page. */
  close() {
    this.#leave();
  }

  #write() {
    const { name, race, class: role, traits, backstory, stats } = this.#character;
    const heading = find(this.element, ".name", HTMLHeadingElement);
    heading.textContent = name;
    heading.id = `name-${this.#character.id}`;
    find(this.element, "article", HTMLElement).setAttribute("aria-labelledby", heading.id);
    for (const tool of [this.#save, this.#stop]) tool.setAttribute("aria-describedby", heading.id);
    find(this.element, ".plate", HTMLElement).textContent = `${race} · ${role}`;
    find(this.element, ".story", HTMLElement).textContent = backstory;
    find(this.element, ".traits", HTMLUListElement).append(...traits.map((trait) => html("li", {}, trait)));
    find(this.element, ".stats", HTMLDListElement).append(...Object.entries(stats).map(meter));
    this.#portrait.alt = altOf(this.#character);
  }

  #listen() {
    this.#portrait.addEventListener("limner-portrait-load", (event) => {
      this.painted = true;
      this.#news.onPainted(event instanceof CustomEvent && event.detail.waited);
    });
    this.#portrait.addEventListener("limner-portrait-fail", (event) => {
      if (event instanceof CustomEvent && event.detail.waited) this.#news.onFailed(event.detail.job?.error?.message ?? "");
    });
    this.#portrait.addEventListener("limner-portrait-repaint", (event) => {
      if (event instanceof CustomEvent && event.detail.reason === "description") this.#ask();
      else void this.#paint(this.#described);
    });
    this.#stop.addEventListener("click", () => void this.#try(() => this.#client.cancel(this.#portrait.job)));
    this.#repaint.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#paint(this.#appearance.value);
    });
    this.#repaint.addEventListener("reset", () => this.#closeForm());
  }

  /** What the portrait's job was asked to paint, as far as that is known. */
  get #described() {
    const job = this.#portrait.job;
    const noted = this.#client.job(job).snapshot().job?.metadata?.["appearance"];
    return this.#asked.get(job) ?? (typeof noted === "string" ? noted : (this.#character.appearance ?? ""));
  }

  get #appearance() {
    return find(this.#repaint, "textarea", HTMLTextAreaElement);
  }

  /** @param {Job | null} job */
  #offer(job) {
    const url = job === null || job.status !== "succeeded" ? null : pictureUrl(job);
    if (url !== null && job !== null) {
      this.#save.href = this.#client.resolve(url);
      this.#save.download = fileName(this.#character.name, job.result?.content_type);
      this.#save.setAttribute("aria-label", `Save the picture of ${this.#character.name}`);
      this.#save.hidden = false;
    } else if (!this.painted) this.#save.hidden = true;
    const working = job !== null && (job.status === "queued" || job.status === "processing");
    const focused = this.#stop.matches(":focus");
    this.#stop.hidden = !working;
    if (focused && !working) find(this.element, ".name", HTMLElement).focus({ preventScroll: true });
  }

  #ask() {
    this.#repaint.hidden = false;
    this.#appearance.value = this.#described;
    this.#appearance.focus();
  }

  #closeForm() {
    this.#repaint.hidden = true;
    find(this.element, ".name", HTMLElement).focus({ preventScroll: true });
  }

  /**
   * A new job for the same sitter; the page keeps its id before it is asked for.
   *
   * @param {string} appearance
   */
  async #paint(appearance) {
    const { id: _id, portrait: _portrait, ...sitter } = this.#character;
    const id = newJobId();
    const before = this.#portrait.job;
    this.#asked.set(id, appearance);
    if (!this.#repaint.hidden) this.#closeForm();
    this.#news.onRepaint(id);
    this.watch(id);
    const wanted = { id, character: { ...sitter, appearance }, metadata: metadataOf(sitter.name, appearance) };
    const submit = () => this.#client.submit("portrait", wanted);
    if (await this.#try(submit)) return;
    this.#news.onRepaint(before);
    this.watch(before);
  }

  /**
   * Whether the call succeeded; if not, its reason is shown.
   *
   * @param {() => Promise<unknown>} call
   */
  async #try(call) {
    showText(this.#error, null);
    try {
      await call();
      return true;
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      showText(this.#error, error.errors[0]?.message ?? error.message);
      return false;
    }
  }
}

/** @param {[string, number]} stat */
export function meter([name, value]) {
  const bar = html("dd", { class: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--value", String(value));
  const label = name.charAt(0).toUpperCase() + name.slice(1);
  return html("div", {}, html("dt", {}, label), html("dd", {}, String(value)), bar);
}
