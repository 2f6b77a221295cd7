/** @import { Board, Worlds } from "./world-calls.js" */
import { setAttribute, showText } from "../elements/dom.js";
import { Form } from "./board-forms.js";
import { farewellOf } from "./board-words.js";
import { byId, find } from "./page.js";

const COPIED_MS = 2_500;

/** What is done with the whole world: it is named anew, deleted, or its link is handed on. */
export class Owner {
  #title = byId("board-title", HTMLElement);
  #rename = byId("rename", HTMLButtonElement);
  #form = byId("rename-form", HTMLFormElement);
  #delete = byId("delete", HTMLButtonElement);
  #farewell = byId("farewell", HTMLDialogElement);
  #copy = byId("copy", HTMLButtonElement);
  #link = byId("link", HTMLInputElement);
  /** @type {Board | null} */
  #board = null;

  /**
   * @param {Worlds} worlds
   * @param {string} world
   * @param {{onBoard: (board: Board) => void, onRemoved: () => void}} news
   */
  constructor(worlds, world, { onBoard, onRemoved }) {
    const field = find(this.#form, "[name=name]", HTMLInputElement);
    const renaming = new Form(this.#form, async () => {
      const name = field.value.trim();
      if (name !== this.#board?.name) onBoard(await worlds.rename(world, name));
      this.#close();
    });
    this.#rename.addEventListener("click", () => {
      renaming.clear();
      field.value = this.#board?.name ?? "";
      this.#open(true);
      field.select();
    });
    this.#form.addEventListener("reset", () => this.#close());
    this.#form.addEventListener("keydown", ({ key }) => key === "Escape" && this.#close());
    const leaving = new Form(find(this.#farewell, "form", HTMLFormElement), async () => {
      await worlds.remove(world);
      onRemoved();
    });
    this.#delete.addEventListener("click", () => {
      leaving.clear();
      this.#farewell.showModal();
    });
    this.#farewell.addEventListener("reset", () => this.#farewell.close());
    this.#copy.addEventListener("click", () => void this.#copyLink());
  }

  /** @param {Board} board */
  show(board) {
    this.#board = board;
    this.#delete.hidden = !board.yours;
    if (!board.yours) this.#open(false);
    this.#rename.hidden = !board.yours || !this.#form.hidden;
    showText(byId("farewell-title", HTMLElement), `Delete «${board.name}»?`);
    showText(byId("farewell-words", HTMLElement), farewellOf(board.characters.length));
  }

  /** The world is gone, whatever was being asked about it. */
  end() {
    this.#farewell.close();
  }

  /** @param {boolean} open */
  #open(open) {
    this.#form.hidden = !open;
    this.#title.hidden = open;
    this.#rename.hidden = open || this.#board?.yours !== true;
    setAttribute(this.#rename, "aria-expanded", String(open));
  }

  #close() {
    this.#open(false);
    this.#rename.focus({ preventScroll: true });
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(location.href);
      this.#copy.textContent = "Link copied";
      setTimeout(() => (this.#copy.textContent = "Copy link"), COPIED_MS);
    } catch {
      // No clipboard without a secure context, or without leave: show the link, ready to be copied by hand.
      this.#link.value = location.href;
      this.#link.hidden = false;
      this.#link.select();
    }
  }
}
