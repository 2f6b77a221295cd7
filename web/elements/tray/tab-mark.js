/** The title and the icon of a tab that nobody looks at. */

/**
 * @typedef {object} Mark
 * @property {string} prefix    before the page's title
 * @property {string} glyph     on the icon
 * @property {string} colour
 */

/**
 * What a tab tells: how many are on their way; when none is, whether it ended well. Null where there is nothing to tell.
 *
 * @param {{unfinished: number, succeeded: number, failed: number}} counts  of the ends, those that nobody has seen
 * @returns {Mark | null}
 */
export function markOf({ unfinished, succeeded, failed }) {
  if (unfinished > 0) {
    return { prefix: `(${unfinished}) `, glyph: unfinished > 99 ? "…" : String(unfinished), colour: "#1d5b4f" };
  }
  if (failed > 0) return { prefix: "! ", glyph: "!", colour: "#93263a" };
  return succeeded > 0 ? { prefix: "✓ ", glyph: "✓", colour: "#1d5b4f" } : null;
}

/** Shows a mark in the tab, and takes it away again. What the page makes of its title meanwhile stays. */
export class TabMark {
  /** @type {Mark | null} */
  #mark = null;
  /** The title as the page wants it. */
  #title = "";
  /** @type {Element[]} */
  #icons = [];
  #icon = document.createElement("link");
  #observer = new MutationObserver(() => this.#retitle());

  /** @param {Mark | null} mark */
  show(mark) {
    if (mark?.prefix === this.#mark?.prefix) return;
    if (this.#mark === null) this.#begin();
    else this.#listen(this.#mark);
    this.#mark = mark;
    if (mark === null) this.#end();
    else {
      document.title = mark.prefix + this.#title;
      this.#icon.href = `data:image/svg+xml,${encodeURIComponent(badge(mark))}`;
    }
  }

  #begin() {
    this.#title = document.title;
    this.#icons = [...document.head.querySelectorAll("link[rel~='icon']")];
    for (const icon of this.#icons) icon.remove();
    this.#icon.rel = "icon";
    this.#icon.type = "image/svg+xml";
    document.head.append(this.#icon);
    this.#observer.observe(document.head, { childList: true, subtree: true, characterData: true });
  }

  #end() {
    this.#observer.disconnect();
    document.title = this.#title;
    this.#icon.remove();
    document.head.append(...this.#icons);
  }

  #retitle() {
    if (this.#mark !== null && this.#listen(this.#mark)) document.title = this.#mark.prefix + this.#title;
  }

  /**
   * Whether the page has given itself another title.
   *
   * @param {Mark} mark
   */
  #listen({ prefix }) {
    if (document.title === (prefix + this.#title).trim()) return false;
    this.#title = document.title;
    return true;
  }
}

/** @param {Mark} mark */
function badge({ glyph, colour }) {
  const size = glyph.length > 1 ? 34 : 42;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><circle cx="32" cy="32" r="31" fill="${colour}"/>` +
    `<text x="32" y="${Math.round(32 + size * 0.36)}" text-anchor="middle" font-family="sans-serif" font-weight="700" ` +
    `font-size="${size}" fill="#fff">${glyph}</text></svg>`
  );
}
