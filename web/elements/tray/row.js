/** @import { Words } from "../words.js" */
/** @import { Act } from "./frame.js" */
/** @import { Row } from "./rows.js" */
import { html, setAttribute, showText } from "../dom.js";

/** One line of the tray. */
export class RowElement {
  #image = html("img", { alt: "" });
  #thumb = html("div", { class: "thumb", "aria-hidden": "true" }, this.#image);
  #label = html("p", { class: "label" });
  #line = html("p", { class: "line" });
  #bar = html("div", { class: "bar", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
  #button = html("button", { part: "button", type: "button" });
  #change = html("a", { part: "link", class: "button" });
  #dismiss = html("button", { part: "dismiss", class: "dismiss", type: "button" }, "×");
  /** @type {Row | null} */
  #row = null;

  element = html(
    "li",
    { part: "row", class: "row" },
    this.#thumb,
    html("div", { class: "text" }, this.#label, this.#line, this.#bar),
    this.#change,
    this.#button,
    this.#dismiss,
  );

  /** @param {Act} act */
  constructor(act) {
    this.#button.addEventListener("click", () => this.#row?.action && act(this.#row.action, this.#row.id, null));
    this.#change.addEventListener("click", (event) => this.#row && act("visit", this.#row.id, event));
    this.#dismiss.addEventListener("click", () => this.#row && act("dismiss", this.#row.id, null));
  }

  /**
   * @param {Row} row
   * @param {Words} words
   * @param {{href: string | null, busy: boolean}} more  where it can be changed; a button was pressed and waits
   */
  show(row, words, { href, busy }) {
    this.#row = row;
    const { action, label, percent, preview, state } = row;
    setAttribute(this.element, "class", `row ${state}`);
    showText(this.#label, label);
    showText(this.#line, row.line);
    this.#thumb.hidden = state === "failed";
    this.#image.hidden = preview === null;
    if (preview !== null) setAttribute(this.#image, "src", preview);
    this.#bar.hidden = state === "failed" || state === "arriving";
    setAttribute(this.#bar, "aria-label", label);
    setAttribute(this.#bar, "aria-valuenow", percent === null ? null : String(percent));
    this.#bar.style.setProperty("--percent", String(percent ?? 0));
    this.#showAction(action, words, label);
    setAttribute(this.#button, "aria-busy", busy ? "true" : null);
    showText(this.#change, action === "change" ? words.change : null);
    setAttribute(this.#change, "href", href);
    setAttribute(this.#change, "aria-label", href === null ? null : words.of(words.change, label));
    this.#dismiss.hidden = state !== "failed" && action !== "reload";
    setAttribute(this.#dismiss, "aria-label", words.of(words.dismiss, label));
  }

  /** Whether something in it has the focus, and is still there. */
  get focused() {
    return this.element.matches(":focus-within");
  }

  /**
   * @param {Row["action"]} action
   * @param {Words} words
   * @param {string} label
   */
  #showAction(action, words, label) {
    const text = action === null || action === "change" ? null : words[action];
    showText(this.#button, text);
    if (text !== null) setAttribute(this.#button, "aria-label", words.of(text, label));
  }
}
