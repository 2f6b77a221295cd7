/** The shadow tree of the tray: what is in it, and how rows are put into it. */

/** @import { Words } from "../words.js" */
/** @import { Row, RowAction } from "./rows.js" */
import { html, setAttribute, showText } from "../dom.js";
import { RowElement } from "./row.js";

/**
 * What a person wants of a task; `click` is that on a link.
 *
 * @typedef {(act: RowAction | "visit" | "dismiss", id: string, click: Event | null) => void} Act
 */

const TOGETHER_MS = 400;

export class Frame {
  #rows = html("ul", { class: "rows" });
  #retryAll = html("button", { part: "button", type: "button" });
  #note = html("p", { class: "note" });
  #foot = html("div", { class: "foot" }, this.#note, this.#retryAll);
  #panel = html("div", { part: "panel", class: "panel", id: "panel" }, this.#rows, this.#foot);
  #summary = html("span", {});
  #toggle = html("button", { part: "toggle", class: "toggle", type: "button", "aria-controls": "panel" });
  #live = html("p", { role: "status", class: "aside" });
  /** @type {Map<string, RowElement>} */
  #elements = new Map();
  /** @type {string[]} */
  #unsaid = [];
  #open = false;
  #act;

  root = html("section", { part: "tray", class: "tray" });

  /**
   * @param {HTMLElement} toasts
   * @param {Act} act
   * @param {() => void} retryAll
   */
  constructor(toasts, act, retryAll) {
    this.#act = act;
    this.#toggle.append(html("span", { class: "dot", "aria-hidden": "true" }), this.#summary);
    this.root.append(toasts, this.#toggle, this.#panel, this.#live);
    this.remark(null);
    this.#retryAll.addEventListener("click", retryAll);
    this.#toggle.addEventListener("click", () => this.#turn(!this.#open));
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#open) return;
      this.#turn(false);
      this.#toggle.focus();
    });
    this.#turn(false);
  }

  /**
   * @param {readonly Row[]} rows
   * @param {string} summary
   * @param {Words} words
   * @param {(id: string) => {href: string | null, busy: boolean}} more
   */
  show(rows, summary, words, more) {
    if (rows.length === 0) this.remark(null);
    setAttribute(this.root, "aria-label", rows.length > 0 ? words.tasks : null); // a landmark only with something in it
    this.#toggle.hidden = rows.length === 0;
    if (this.#summary.textContent !== summary) this.#summary.textContent = summary;
    this.root.classList.toggle("busy", rows.some(({ state }) => state !== "failed"));
    this.#panel.hidden = !this.#open || rows.length === 0;
    this.root.classList.toggle("open", !this.#panel.hidden);
    const again = rows.filter(({ action }) => action === "retry").length;
    showText(this.#retryAll, again > 1 ? words.retryAll : null);
    this.#foot.hidden = this.#retryAll.hidden && this.#note.hidden;
    this.#arrange(rows, words, more);
  }

  /**
   * What came of trying all again, or null. It is said, too.
   *
   * @param {string | null} sentence
   */
  remark(sentence) {
    if (sentence !== null) this.say(sentence);
    showText(this.#note, sentence);
    this.#foot.hidden = this.#retryAll.hidden && this.#note.hidden;
  }

  /**
   * To a screen reader, politely; what comes together is said together.
   *
   * @param {string} sentence
   */
  say(sentence) {
    this.#unsaid.push(sentence);
    if (this.#unsaid.length === 1) setTimeout(() => this.#speak(), TOGETHER_MS);
  }

  #speak() {
    this.#live.textContent = this.#unsaid.join(" ");
    this.#unsaid = [];
  }

  /** Puts the list away. */
  close() {
    if (this.#open) this.#turn(false);
  }

  /** Where the focus goes when what had it is no longer there. */
  focus() {
    this.#toggle.focus({ preventScroll: true });
  }

  /** @param {boolean} open */
  #turn(open) {
    this.#open = open;
    this.#panel.hidden = !open;
    setAttribute(this.#toggle, "aria-expanded", String(open));
  }

  /**
   * @param {readonly Row[]} rows
   * @param {Words} words
   * @param {(id: string) => {href: string | null, busy: boolean}} more
   */
  #arrange(rows, words, more) {
    const staying = new Set(rows.map(({ id }) => id));
    for (const [id, element] of this.#elements) if (!staying.has(id)) this.#remove(id, element);
    for (const row of rows) {
      const element = this.#elements.get(row.id) ?? new RowElement(this.#act);
      element.show(row, words, more(row.id));
      if (this.#elements.has(row.id)) continue;
      this.#elements.set(row.id, element);
      this.#rows.append(element.element);
    }
  }

  /**
   * @param {string} id
   * @param {RowElement} element
   */
  #remove(id, element) {
    const { focused } = element;
    element.element.remove();
    this.#elements.delete(id);
    if (focused) this.focus();
  }
}
