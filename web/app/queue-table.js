import { html, setAttribute } from "../elements/dom.js";
import { find } from "./page.js";

/**
 * What a cell shows: words and, where there is one, a bar from 0 to 1.
 *
 * @template T
 * @typedef {object} Column
 * @property {(item: T) => string} text
 * @property {(item: T) => string} [title]  what the pointer learns
 * @property {(item: T) => number} [bar]
 * @property {"number" | "words" | "code"} [style]
 */

/**
 * A button in the last cell. `label` null hides it; `about` says of what it speaks, for those who only hear its name.
 *
 * @template T
 * @typedef {object} Action
 * @property {(item: T) => string | null} label
 * @property {(item: T) => string} about
 * @property {(item: T) => Promise<void>} run
 */

/**
 * A table whose rows stay the same elements as long as what they show is there: what has the focus keeps it. Text is
 * only ever set as text.
 *
 * @template T
 */
export class Table {
  #table;
  #body;
  #heading;
  #empty;
  #key;
  #columns;
  #actions;
  #alert;
  /** @type {Map<string, Row<T>>} */
  #rows = new Map();

  /**
   * @param {HTMLTableElement} table  in a section with a heading and a sentence for when it is empty
   * @param {{
   *   key: (item: T) => string,
   *   columns: Column<T>[],
   *   actions?: Action<T>[],
   *   alert?: (item: T) => boolean,
   * }} plan  `alert` is whether a row wants attention
   */
  constructor(table, { key, columns, actions = [], alert = () => false }) {
    const section = table.closest("section");
    if (section === null) throw new TypeError(`#${table.id} stands in no section`);
    this.#table = table;
    this.#body = find(table, "tbody", HTMLTableSectionElement);
    this.#heading = find(section, "h2", HTMLElement);
    this.#empty = find(section, ".empty", HTMLElement);
    this.#key = key;
    this.#columns = columns;
    this.#actions = actions;
    this.#alert = alert;
  }

  /** @param {string} words */
  set heading(words) {
    if (this.#heading.textContent !== words) this.#heading.textContent = words;
  }

  /** @param {readonly T[]} items  in the order in which they are shown */
  show(items) {
    this.#table.hidden = items.length === 0;
    this.#empty.hidden = items.length > 0;
    const keys = new Set(items.map(this.#key));
    for (const key of this.#rows.keys()) if (!keys.has(key)) this.#remove(key);
    const focused = document.activeElement;
    let before = this.#body.firstElementChild;
    for (const item of items) {
      const key = this.#key(item);
      const row = this.#rows.get(key) ?? this.#add(key);
      row.show(item, this.#alert(item));
      if (row.element === before) before = before.nextElementSibling;
      else this.#body.insertBefore(row.element, before);
    }
    // A row that moves loses the focus.
    if (focused instanceof HTMLElement && this.#body.contains(focused)) focused.focus();
  }

  /** @param {string} key */
  #add(key) {
    const row = new Row(this.#columns, this.#actions);
    this.#rows.set(key, row);
    return row;
  }

  /** @param {string} key */
  #remove(key) {
    const row = this.#rows.get(key);
    if (row?.element.contains(document.activeElement)) this.#heading.focus();
    row?.element.remove();
    this.#rows.delete(key);
  }
}

/** @template T */
class Row {
  element = html("tr");
  #columns;
  #cells;
  #actions;
  #buttons;
  /** @type {T | null} */
  #item = null;

  /**
   * @param {Column<T>[]} columns
   * @param {Action<T>[]} actions
   */
  constructor(columns, actions) {
    this.#columns = columns;
    this.#cells = columns.map(({ style, bar }, place) => {
      // The words beside the bar say the same.
      const progress = bar === undefined ? null : html("progress", { max: "1", "aria-hidden": "true" });
      const text = html("span");
      const cell = place === 0 ? html("th", { scope: "row" }) : html("td");
      if (style !== undefined) cell.className = style;
      cell.append(...(progress ? [progress] : []), text);
      return { cell, progress, text };
    });
    this.#actions = actions;
    this.#buttons = actions.map((action) => {
      const button = html("button", { type: "button" });
      button.addEventListener("click", () => void this.#run(action, button));
      return button;
    });
    this.element.append(...this.#cells.map(({ cell }) => cell));
    if (actions.length > 0) this.element.append(html("td", { class: "do" }, ...this.#buttons));
  }

  /**
   * @param {T} item
   * @param {boolean} alert
   */
  show(item, alert) {
    this.#item = item;
    this.element.classList.toggle("alert", alert);
    this.#columns.forEach(({ text, title, bar }, place) => {
      const shown = this.#cells[place];
      if (shown === undefined) return;
      const words = text(item);
      if (shown.text.textContent !== words) shown.text.textContent = words;
      if (title !== undefined) setAttribute(shown.cell, "title", title(item));
      if (bar !== undefined && shown.progress !== null) {
        shown.progress.value = bar(item);
      }
    });
    this.#actions.forEach(({ label, about }, place) => {
      const button = this.#buttons[place];
      const words = label(item);
      if (button === undefined) return;
      button.hidden = words === null;
      if (words !== null && button.textContent !== words) button.textContent = words;
      if (words !== null) setAttribute(button, "aria-label", `${words} ${about(item)}`);
    });
  }

  /**
   * @param {Action<T>} action
   * @param {HTMLButtonElement} button
   */
  async #run(action, button) {
    if (this.#item === null || button.getAttribute("aria-busy") === "true") return;
    button.setAttribute("aria-busy", "true");
    try {
      await action.run(this.#item);
    } finally {
      button.removeAttribute("aria-busy");
    }
  }
}
