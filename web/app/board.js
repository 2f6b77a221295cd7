/** @import { Client } from "../client/types.js" */
/** @import { Board, BoardCharacter, MediaKind, Worlds } from "./world-calls.js" */
import { setAttribute, showText } from "../elements/dom.js";
import { BoardCard } from "./board-card.js";
import { missingOf } from "./board-stage.js";
import { generateWords, summaryOf, titleOf } from "./board-words.js";
import { byId } from "./page.js";

/** @type {readonly MediaKind[]} */
const KINDS = ["portrait", "video"];

/**
 * @typedef {object} BoardViewNews
 * @property {() => void} onChange                                   the board is to be asked for again
 * @property {(kind: MediaKind) => void} onGenerate
 * @property {(sentence: string, job: string) => void} onTell
 */

/** A world on the wall: its name, what is missing, and a card for each character. It shows what the server said, and no more. */
export class BoardView {
  /** @type {Map<string, BoardCard>} */
  #cards = new Map();
  /** @type {Board | null} */
  #board = null;
  #list = byId("cards", HTMLOListElement);
  #server;
  #news;

  /**
   * @param {{client: Client, worlds: Worlds, world: string}} server
   * @param {BoardViewNews} news
   */
  constructor(server, news) {
    this.#server = server;
    this.#news = news;
    for (const kind of KINDS) this.#button(kind).addEventListener("click", () => news.onGenerate(kind));
  }

  /** Whether something is made that the board does not show yet. */
  get isArriving() {
    return [...this.#cards.values()].some((card) => card.isArriving);
  }

  /**
   * The card whose portrait or video this job makes.
   *
   * @param {string} job
   */
  cardOf(job) {
    return [...this.#cards.values()].find((card) => card.hangs(job)) ?? null;
  }

  /** @param {Board} board */
  show(board) {
    this.#board = board;
    byId("opening", HTMLElement).hidden = true;
    byId("board", HTMLElement).hidden = false;
    document.body.dataset["yours"] = String(board.yours);
    document.title = titleOf(board);
    showText(byId("board-title", HTMLElement), board.name);
    showText(byId("summary", HTMLElement), summaryOf(board));
    byId("guest", HTMLElement).hidden = board.yours;
    byId("nobody", HTMLElement).hidden = board.characters.length > 0;
    for (const kind of KINDS) this.#offer(kind, board);
    this.#hang(board);
  }

  /** The server answers again: what it could not be asked for before counts no more. */
  recover() {
    for (const card of this.#cards.values()) card.recover();
  }

  close() {
    for (const card of this.#cards.values()) card.close();
    byId("board", HTMLElement).hidden = true;
  }

  /** @param {MediaKind} kind */
  #button(kind) {
    return byId(`generate-${kind}s`, HTMLButtonElement);
  }

  /**
   * @param {MediaKind} kind
   * @param {Board} board
   */
  #offer(kind, board) {
    const button = this.#button(kind);
    const missing = board.yours ? missingOf(board, kind) : 0;
    const focused = button.matches(":focus");
    showText(button, missing === 0 ? null : generateWords(kind, missing));
    if (focused && button.hidden) byId("board-title", HTMLElement).focus({ preventScroll: true });
  }

  /** @param {Board} board */
  #hang({ characters, yours }) {
    const staying = new Set(characters.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (staying.has(id)) continue;
      card.close();
      card.element.remove();
      this.#cards.delete(id);
    }
    characters.forEach((character, place) => {
      const card = this.#cards.get(character.id) ?? this.#newCard(character);
      if (this.#list.children[place] !== card.element) this.#list.insertBefore(card.element, this.#list.children[place] ?? null);
      card.show(character, yours);
    });
  }

  /** @param {BoardCharacter} character */
  #newCard(character) {
    const card = new BoardCard(this.#server, character, {
      onTell: this.#news.onTell,
      onChange: (changed) => {
        if (changed !== undefined) this.#replace(changed);
        this.#news.onChange();
      },
    });
    this.#cards.set(character.id, card);
    return card;
  }

  /**
   * What a call answered is shown at once; the board that comes after it says the same.
   *
   * @param {BoardCharacter} changed
   */
  #replace(changed) {
    if (this.#board === null) return;
    const characters = this.#board.characters.map((character) => (character.id === changed.id ? changed : character));
    this.show({ ...this.#board, characters });
  }

  /**
   * The buttons for all that is missing are being answered.
   *
   * @param {MediaKind} kind
   * @param {boolean} busy
   */
  wait(kind, busy) {
    setAttribute(this.#button(kind), "aria-busy", busy ? "true" : null);
  }
}
