/** @import { ListedWorld, Worlds } from "./world-calls.js" */
/** @import { Announcer } from "./announce.js" */
/** @import { Shelf } from "./shelf.js" */
import { LimnerError } from "../client/index.js";
import { setAttribute, showText } from "../elements/dom.js";
import { countsOf, exactlyOf, many, summaryOf, whenOf } from "./library-words.js";
import { byId, find, stamp } from "./page.js";
import { appended, nextLookOf, renewed } from "./shelf.js";

/** The worlds that the caller has kept, on the page: looked for, shown, added to, and kept up to date. */
export class Library {
  /** @type {Map<string, HTMLLIElement>} */
  #items = new Map();
  #list = byId("worlds", HTMLOListElement);
  #summary = byId("summary", HTMLElement);
  #notice = byId("notice", HTMLElement);
  #more = byId("more", HTMLButtonElement);
  #moreError = byId("more-error", HTMLElement);
  #worlds;
  #announcer;
  /** @type {Shelf | null} */
  #shelf = null;
  #asking = false;
  /** @type {number | null} */
  #waited = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /**
   * @param {Worlds} worlds
   * @param {Announcer} announcer
   */
  constructor(worlds, announcer) {
    this.#worlds = worlds;
    this.#announcer = announcer;
    this.#more.addEventListener("click", () => void this.#fetchMore());
    find(this.#notice, "button", HTMLButtonElement).addEventListener("click", () => void this.#retry());
  }

  /** Look now. What is shown stays where the server does not answer. */
  async look() {
    await this.#alone(async () => {
      clearTimeout(this.#timer);
      try {
        const first = await this.#worlds.list();
        const before = this.#shelf;
        this.#show(before === null ? first : renewed(before, first));
        this.#waited = JSON.stringify(before) === JSON.stringify(this.#shelf) ? this.#waited : null;
      } catch (error) {
        if (!(error instanceof LimnerError)) throw error;
        if (this.#shelf === null) this.#refuse(error.message);
      }
    });
    this.#lookLater();
  }

  async #retry() {
    this.#notice.hidden = true;
    showText(this.#summary, "Looking for your worlds…");
    await this.look();
    if (this.#notice.hidden) byId("library-title", HTMLElement).focus();
  }

  async #fetchMore() {
    await this.#alone(async () => {
      const shelf = this.#shelf;
      if (shelf === null || shelf.next === null) return;
      setAttribute(this.#more, "aria-busy", "true");
      showText(this.#moreError, null);
      try {
        this.#show(appended(shelf, await this.#worlds.list(shelf.next)));
        this.#arrive(shelf.worlds.length);
      } catch (error) {
        if (!(error instanceof LimnerError)) throw error;
        showText(this.#moreError, error.message);
      } finally {
        setAttribute(this.#more, "aria-busy", null);
      }
    });
  }

  /**
   * Where reading goes on.
   *
   * @param {number} place  from 0
   */
  #arrive(place) {
    const item = this.#list.children[place];
    if (item === undefined) return byId("library-title", HTMLElement).focus();
    find(item, "a", HTMLAnchorElement).focus({ preventScroll: true });
    this.#announcer.say(`${many(this.#list.children.length - place, "world")} more.`);
  }

  /**
   * One call at a time; another that would begin meanwhile is left out.
   *
   * @param {() => Promise<void>} call
   */
  async #alone(call) {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await call();
    } finally {
      this.#asking = false;
    }
  }

  #lookLater() {
    clearTimeout(this.#timer);
    const wait = this.#shelf === null ? null : nextLookOf(this.#shelf, this.#waited, Date.now());
    if (wait === null || document.hidden) return;
    this.#timer = setTimeout(() => {
      this.#waited = wait;
      void this.look();
    }, wait);
  }

  /** @param {string} reason */
  #refuse(reason) {
    this.#notice.hidden = false;
    showText(find(this.#notice, "p", HTMLElement), reason);
    showText(this.#summary, null);
  }

  /** @param {Shelf} shelf */
  #show(shelf) {
    this.#shelf = shelf;
    this.#notice.hidden = true;
    showText(this.#summary, summaryOf(shelf));
    byId("empty", HTMLElement).hidden = shelf.worlds.length > 0;
    this.#more.hidden = shelf.next === null;
    const items = shelf.worlds.map((world) => this.#item(world));
    const staying = new Set(shelf.worlds.map(({ id }) => id));
    for (const [id, item] of this.#items) {
      if (staying.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    // One that is in its place is not touched: it may have the focus.
    items.forEach((item, place) => {
      const there = this.#list.children[place] ?? null;
      if (there !== item) this.#list.insertBefore(item, there);
    });
  }

  /** @param {ListedWorld} world */
  #item(world) {
    const item = this.#items.get(world.id) ?? stamp("world");
    this.#items.set(world.id, item);
    const link = find(item, "a", HTMLAnchorElement);
    link.href = this.#worlds.address(world.id);
    showText(link, world.name);
    showText(find(item, ".counts", HTMLElement), countsOf(world));
    const time = find(item, "time", HTMLTimeElement);
    time.dateTime = world.created_at;
    time.title = exactlyOf(world.created_at);
    showText(time, whenOf(world.created_at, Date.now()));
    cover(find(item, "img", HTMLImageElement), world.cover === null ? null : this.#worlds.resolve(world.cover));
    return item;
  }
}

/**
 * A picture that does not arrive leaves the empty canvas to be seen.
 *
 * @param {HTMLImageElement} image
 * @param {string | null} address
 */
function cover(image, address) {
  if (image.getAttribute("src") === address) return;
  setAttribute(image, "src", address);
  image.hidden = address === null;
  image.onerror = () => (image.hidden = true);
}
