/** @import { LimnerError } from "../client/index.js" */
/** @import { Brief } from "./scene.js" */
import { html, setAttribute, showText } from "../elements/dom.js";
import { byId, find } from "./page.js";
import { THEMES } from "./sentences.js";

const IDEAS = 4;
const FIELDS = ["count", "theme"];
/** Longer than a double click takes. */
const HOLD_MS = 1_000;
const SLOW_MS = 3_000;
const SLOW = "The server is busy or out of reach. Still trying…";

/** The form that asks for a set: what is in it, what is wrong with it, and that it is sent once. */
export class Commission {
  #form = byId("commission", HTMLFormElement);
  #count = byId("count", HTMLInputElement);
  #theme = byId("theme", HTMLInputElement);
  #button = find(this.#form, "[type=submit]", HTMLButtonElement);
  #sending = false;

  /** @param {(brief: Brief & {count: number}) => Promise<boolean>} send  whether it was accepted; never rejects */
  constructor(send) {
    this.#offerIdeas();
    for (const button of this.#form.querySelectorAll("[data-step]")) {
      button.addEventListener("click", () => this.#step(Number(button.getAttribute("data-step"))));
    }
    this.#form.addEventListener("input", () => this.#clear());
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit(send);
    });
  }

  /** As if «Generate» had been pressed. */
  press() {
    this.#form.requestSubmit();
  }

  /** @param {Brief} brief */
  fill({ theme, count }) {
    this.#theme.value = theme;
    if (count !== null) this.#count.value = String(count);
  }

  /**
   * Shows what the server had against it, at the fields it names.
   *
   * @param {LimnerError} error
   */
  refuse(error) {
    const elsewhere = error.errors.filter(({ field, message }) => !this.#blame(field, message));
    if (elsewhere.length > 0 || error.errors.length === 0) {
      const sentences = elsewhere.map(({ field, message }) => `${field}: ${message}`);
      showText(byId("form-error", HTMLElement), sentences.join(" ") || error.message);
    }
    find(this.#form, "[aria-invalid=true], [type=submit]", HTMLElement).focus();
  }

  /** @param {(brief: Brief & {count: number}) => Promise<boolean>} send */
  async #submit(send) {
    if (this.#sending) return;
    this.#clear();
    if (!this.#count.checkValidity()) {
      this.#blame("count", "Between 1 and 10, please.");
      this.#count.focus();
      return;
    }
    this.#sending = true;
    setAttribute(this.#button, "aria-busy", "true");
    const notice = byId("form-error", HTMLElement);
    const slow = setTimeout(() => showText(notice, SLOW), SLOW_MS);
    const held = new Promise((resolve) => setTimeout(resolve, HOLD_MS));
    const accepted = await send({ theme: this.#theme.value.trim(), count: this.#count.valueAsNumber });
    clearTimeout(slow);
    if (notice.textContent === SLOW) showText(notice, null);
    if (accepted) await held;
    setAttribute(this.#button, "aria-busy", null);
    this.#sending = false;
  }

  /**
   * @param {string} field
   * @param {string} message
   */
  #blame(field, message) {
    if (!FIELDS.includes(field)) return false;
    setAttribute(byId(field, HTMLInputElement), "aria-invalid", "true");
    showText(byId(`${field}-error`, HTMLElement), message);
    return true;
  }

  #clear() {
    for (const field of FIELDS) {
      setAttribute(byId(field, HTMLInputElement), "aria-invalid", null);
      showText(byId(`${field}-error`, HTMLElement), null);
    }
    showText(byId("form-error", HTMLElement), null);
  }

  /** @param {number} by */
  #step(by) {
    const count = Number.isNaN(this.#count.valueAsNumber) ? 3 : this.#count.valueAsNumber;
    this.#count.valueAsNumber = Math.min(10, Math.max(1, count + by));
    this.#clear();
  }

  #offerIdeas() {
    const ideas = [...THEMES].sort(() => Math.random() - 0.5).slice(0, IDEAS);
    const buttons = ideas.map((idea) => {
      const button = html("button", { type: "button" }, idea);
      button.addEventListener("click", () => {
        this.#theme.value = idea;
        this.#theme.focus();
      });
      return button;
    });
    find(this.#form, ".ideas", HTMLElement).append(...buttons);
  }
}
