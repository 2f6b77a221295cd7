/** @import { Act } from "./frame.js" */
import { html, setAttribute, showText } from "../dom.js";

/** So many are seen at once; what is older makes room. */
const MOST = 4;
/** One that is looked at, or in a page that nobody sees, waits that much longer. */
const LONGER_MS = 2_000;

/**
 * @typedef {object} Toast
 * @property {string} news                      told by the toast's class, for its looks
 * @property {string} label
 * @property {string} text
 * @property {string | null} detail
 * @property {HTMLImageElement | null} image
 * @property {{href: string | null, text: string, of: string} | null} link  without an address it is only said
 * @property {{name: string, of: string} | null} retry      the button's text; `of` is the name for a screen reader
 * @property {string} dismiss                               the name of the button that puts it away
 * @property {number | null} stayMs                         null: until it is put away
 */

/** What was told, the newest first, one toast for each task: later news of the same task takes its place. */
export class Toasts {
  /** @type {Map<string, {element: HTMLElement, timer: ReturnType<typeof setTimeout> | undefined}>} */
  #shown = new Map();
  #act;

  element = html("ol", { part: "toasts", class: "toasts" });

  /** @param {Act} act */
  constructor(act) {
    this.#act = act;
    // In one row the newest is seen; who goes to an older one by keyboard moves the row.
    this.element.addEventListener("focusout", () => (this.element.scrollTop = 0));
  }

  /** Whether there is one that could be put away next; it has the focus then. */
  focus() {
    const buttons = [...this.element.querySelectorAll("button.dismiss")].filter((each) => each instanceof HTMLElement);
    const button = buttons.find((each) => each.getClientRects().length > 0);
    button?.focus({ preventScroll: true });
    return button !== undefined;
  }

  /**
   * @param {string} id
   * @param {Toast} toast
   */
  show(id, toast) {
    const before = this.#shown.get(id)?.element;
    clearTimeout(this.#shown.get(id)?.timer);
    const element = this.#make(id, toast);
    const focused = before?.matches(":focus-within") ?? false;
    if (before === undefined) this.element.prepend(element);
    else before.replaceWith(element);
    if (focused) element.querySelector("button")?.focus({ preventScroll: true });
    this.#shown.delete(id);
    this.#shown.set(id, { element, timer: undefined });
    if (toast.stayMs !== null) this.#removeAfter(id, toast.stayMs);
    const [oldest] = this.#shown.keys();
    if (this.#shown.size > MOST && oldest !== undefined) this.remove(oldest);
  }

  /** @param {string} id */
  remove(id) {
    const toast = this.#shown.get(id);
    clearTimeout(toast?.timer);
    toast?.element.remove();
    this.#shown.delete(id);
  }

  clear() {
    for (const id of [...this.#shown.keys()]) this.remove(id);
  }

  /**
   * @param {string} id
   * @param {number} ms
   */
  #removeAfter(id, ms) {
    const toast = this.#shown.get(id);
    if (toast === undefined) return;
    toast.timer = setTimeout(() => {
      const looked = document.hidden || this.element.matches(":hover, :focus-within");
      if (looked) this.#removeAfter(id, LONGER_MS);
      else this.remove(id);
    }, ms);
  }

  /**
   * @param {string} id
   * @param {Toast} toast
   */
  #make(id, { news, label, text, detail, image, link, retry, dismiss }) {
    const line = html("p", { class: "line" });
    showText(line, detail);
    const words = html("div", { class: "text" }, html("p", { class: "label" }, label), html("p", {}, text), line);
    const element = html("li", { part: "toast", class: `toast ${news}` }, words);
    if (image !== null) element.prepend(picture(image));
    if (link !== null) {
      const anchor = html("a", { part: "link", class: "button" }, link.text);
      setAttribute(anchor, "href", link.href);
      setAttribute(anchor, "aria-label", link.href === null ? null : link.of);
      anchor.addEventListener("click", (event) => this.#act("visit", id, event));
      element.append(anchor);
    }
    if (retry !== null) element.append(this.#button("retry", id, retry));
    element.append(this.#button("dismiss", id, { name: "×", of: dismiss }));
    return element;
  }

  /**
   * @param {"retry" | "dismiss"} act
   * @param {string} id
   * @param {{name: string, of: string}} words
   */
  #button(act, id, { name, of }) {
    const button = html("button", { part: act === "dismiss" ? act : "button", type: "button", class: act }, name);
    setAttribute(button, "aria-label", of);
    button.addEventListener("click", () => this.#act(act, id, null));
    return button;
  }
}

/** @param {HTMLImageElement} image */
function picture(image) {
  image.alt = "";
  image.className = "thumb";
  return image;
}
