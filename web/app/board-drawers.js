import { setAttribute } from "../elements/dom.js";

/**
 * What opens under a card, one at a time, each by a button of its own. Escape closes it; the focus goes back to where it
 * came from.
 */
export class Drawers {
  /** @type {Map<HTMLElement, {button: HTMLButtonElement, onOpen: () => void}>} */
  #drawers = new Map();
  #rest;

  /**
   * @param {HTMLElement} root
   * @param {HTMLElement} rest  takes the focus where the button is gone
   */
  constructor(root, rest) {
    this.#rest = rest;
    root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.opened === null) return;
      event.stopPropagation();
      this.close();
    });
  }

  /** @returns {HTMLElement | null} */
  get opened() {
    return [...this.#drawers.keys()].find((drawer) => !drawer.hidden) ?? null;
  }

  /**
   * @param {HTMLElement} drawer
   * @param {HTMLButtonElement} button
   * @param {() => void} onOpen  fills it, and takes the focus
   */
  add(drawer, button, onOpen) {
    this.#drawers.set(drawer, { button, onOpen });
    setAttribute(button, "aria-expanded", "false");
    button.addEventListener("click", () => (drawer.hidden ? this.open(drawer) : this.close()));
    drawer.addEventListener("reset", () => this.close());
  }

  /** @param {HTMLElement} drawer */
  open(drawer) {
    this.#shut();
    const known = this.#drawers.get(drawer);
    drawer.hidden = false;
    if (known === undefined) return;
    setAttribute(known.button, "aria-expanded", "true");
    known.onOpen();
  }

  close() {
    const button = this.#shut();
    if (button === null) return;
    if (button.closest("[hidden]") === null) button.focus({ preventScroll: true });
    else this.#rest.focus({ preventScroll: true });
  }

  #shut() {
    const { opened } = this;
    if (opened === null) return null;
    opened.hidden = true;
    const button = this.#drawers.get(opened)?.button ?? null;
    if (button !== null) setAttribute(button, "aria-expanded", "false");
    return button;
  }
}
