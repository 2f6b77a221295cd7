/** @import { Media, MediaKind } from "./world-calls.js" */
import { html, setAttribute, showText } from "../elements/dom.js";
import { mediaWords } from "./board-words.js";
import { reasonOf } from "./board-forms.js";
import { find } from "./page.js";

const DATES = new Intl.DateTimeFormat("en-GB", { dateStyle: "medium", timeStyle: "short" });

/**
 * @typedef {object} HistoryCalls
 * @property {() => Promise<Media[]>} load
 * @property {(media: Media) => Promise<unknown>} choose  shows this one from now on
 * @property {(kind: MediaKind) => void} show  shows what is chosen of this kind, where there are both
 * @property {(path: string) => string} resolve
 */

/** Every portrait and video a character ever had, newest first; one of each kind is the one that is shown. */
export class History {
  #list;
  #error;
  #calls;
  #busy = false;
  /** Whether this person may choose. */
  yours = false;
  /**
   * Which of both hangs.
   *
   * @type {MediaKind | null}
   */
  shown = null;

  /**
   * @param {HTMLElement} drawer
   * @param {HistoryCalls} calls
   */
  constructor(drawer, calls) {
    this.#list = find(drawer, ".prints", HTMLElement);
    this.#error = find(drawer, ".error", HTMLElement);
    this.#calls = calls;
  }

  /** @param {string} path */
  resolve(path) {
    return this.#calls.resolve(path);
  }

  /** Fills it anew. */
  async refresh() {
    try {
      this.#show(await this.#calls.load());
      showText(this.#error, null);
    } catch (error) {
      showText(this.#error, reasonOf(error));
    }
  }

  /** @param {readonly Media[]} all */
  #show(all) {
    const focused = this.#list.querySelector(":focus")?.getAttribute("data-media") ?? null;
    this.#list.replaceChildren(...all.map((media) => html("li", {}, this.#print(media))));
    for (const print of this.#list.querySelectorAll("button")) {
      if (focused !== null && print.getAttribute("data-media") === focused) print.focus({ preventScroll: true });
    }
  }

  /** @param {Media} media */
  #print(media) {
    const words = mediaWords(media, DATES);
    if (media.status !== "succeeded" || media.url === null) return html("p", { class: "print note" }, words);
    const look = `print picture ${media.kind}${media.chosen ? " chosen" : ""}`;
    const picture = media.kind === "portrait" ? media.url : media.poster;
    const image = html("img", { alt: this.yours ? "" : words, loading: "lazy" });
    if (picture !== null) image.src = this.#calls.resolve(picture);
    if (!this.yours) return html("p", { class: look, title: words }, image);
    const print = html("button", { type: "button", class: look, title: words, "data-media": media.id }, image);
    setAttribute(print, "aria-label", `Show: ${words}`);
    setAttribute(print, "aria-pressed", String(media.chosen));
    print.addEventListener("click", () => void this.#choose(media));
    return print;
  }

  /** @param {Media} media */
  async #choose(media) {
    if (this.#busy) return;
    if (media.chosen && media.kind === this.shown) return this.#calls.show(media.kind);
    this.#busy = true;
    try {
      await this.#calls.choose(media);
    } catch (error) {
      return showText(this.#error, reasonOf(error));
    } finally {
      this.#busy = false;
    }
    // A portrait comes by itself when it is here; a video waits to be asked for where nothing is to move.
    if (media.kind === "video") this.#calls.show("video");
    await this.refresh();
  }
}
