/** @import { Character, Client } from "../client/types.js" */
/** @import { Announcer } from "./announce.js" */
/** @import { Brief, Scene } from "./scene.js" */
import { showText } from "../elements/dom.js";
import { Card } from "./card.js";
import { byId, find, stamp } from "./page.js";
import { briefOf, sceneOf } from "./scene.js";
import { arrivalOf, awaitedLine, headingOf, progressOf, titleOf } from "./sentences.js";

/**
 * @typedef {object} SetHooks
 * @property {(place: number, portrait: string) => void} onRepaint  a character (from 1) gets another portrait job
 * @property {(brief: Brief) => void} onBrief                        what was asked for became known
 * @property {(scene: Scene, known: {theme: string | null, painted: number, described: boolean}) => void} onScene  something changed
 * @property {(portrait: string) => boolean} isTold                  another part of the page tells what becomes of it
 */

/** One set of characters on the wall, from the id of its job: cards in their order, as they are written. */
export class SetOnWall {
  /** @type {Map<string, Card>} */
  #cards = new Map();
  #list = byId("cards", HTMLOListElement);
  #client;
  #announcer;
  #hooks;
  #store;
  #repainted;
  #leave;
  #opened = false;
  /** @type {Brief | null} */
  #brief = null;
  /** @type {Brief | null} */
  #submitted;
  /** @type {Scene} */
  #scene = { phase: "opening", characters: [], awaited: 0, reason: null, retryable: false };

  /**
   * @param {Client} client
   * @param {string} id
   * @param {{submitted: Brief | null, repainted: ReadonlyMap<number, string>}} known
   * @param {Announcer} announcer
   * @param {SetHooks} hooks
   */
  constructor(client, id, { submitted, repainted }, announcer, hooks) {
    this.id = id;
    this.#client = client;
    this.#submitted = submitted;
    this.#repainted = repainted;
    this.#announcer = announcer;
    this.#hooks = hooks;
    this.#list.replaceChildren();
    this.#store = client.job(id);
    this.#leave = this.#store.subscribe(() => this.#update());
    this.#update();
  }

  /** The characters as they are sent to be kept, in their order. */
  get members() {
    return this.#scene.characters.map(({ id }) => this.#cards.get(id)?.member ?? id);
  }

  close() {
    this.#leave();
    for (const card of this.#cards.values()) card.close();
  }

  /**
   * The address changed under the same set: its portraits may be others.
   *
   * @param {ReadonlyMap<number, string>} repainted
   */
  repaint(repainted) {
    this.#repainted = repainted;
    this.#scene.characters.forEach((character, index) => {
      this.#cards.get(character.id)?.watch(this.#repainted.get(index + 1) ?? character.portrait);
    });
    this.#tell();
  }

  /**
   * Whether this job paints one of the portraits on the wall.
   *
   * @param {string} job
   */
  hangs(job) {
    return this.#cardOf(job) !== undefined;
  }

  /**
   * Brings what this job made into view, or where it can be changed. Answers whether it is here.
   *
   * @param {string} job
   */
  show(job) {
    const card = this.#cardOf(job);
    if (card === undefined && job !== this.id) return false;
    if (card !== undefined) card.show();
    else byId(this.#scene.phase === "failed" ? "theme" : "set-title", HTMLElement).focus();
    return true;
  }

  /** @param {string} job */
  #cardOf(job) {
    return [...this.#cards.values()].find(({ portrait }) => portrait === job);
  }

  #update() {
    const state = this.#store.snapshot();
    this.#scene = sceneOf(state, this.#submitted, this.#scene.characters);
    this.#brief = this.#submitted ?? (state.job === null ? this.#brief : briefOf(state.job));
    this.#hang(this.#scene.characters);
    this.#await(this.#scene);
    if (state.job !== null && !this.#opened) {
      this.#opened = true;
      if (this.#brief !== null) this.#hooks.onBrief(this.#brief);
    }
    this.#tell();
  }

  /** @param {readonly Character[]} characters */
  #hang(characters) {
    const arriving = this.#opened || this.#submitted !== null;
    this.#takeDown(characters);
    characters.forEach((character, index) => {
      if (this.#cards.has(character.id)) return;
      const card = new Card(this.#client, character, this.#repainted.get(index + 1) ?? character.portrait, {
        onPainted: (waited) => {
          if (waited) this.#say(card, `${character.name} is painted.`);
          this.#tell();
        },
        onDescribed: () => this.#tell(),
        onFailed: (reason) => this.#say(card, `${character.name} could not be painted. ${reason}`),
        onRepaint: (portrait) => this.#hooks.onRepaint(index + 1, portrait),
      });
      this.#cards.set(character.id, card);
      if (arriving) this.#announcer.say(arrivalOf(character));
      const awaited = this.#list.querySelector(".awaited");
      if (awaited === null) this.#list.append(card.element);
      else awaited.replaceWith(card.element);
    });
    if (!arriving && characters.length > 0) this.#announcer.say(`${characters.length} characters.`);
  }

  /**
   * @param {Card} card
   * @param {string} sentence
   */
  #say(card, sentence) {
    if (!this.#hooks.isTold(card.portrait)) this.#announcer.say(sentence);
  }

  /**
   * A server that lost everything writes the set anew, with others in it.
   *
   * @param {readonly Character[]} characters  those that stay
   */
  #takeDown(characters) {
    const staying = new Set(characters.map(({ id }) => id));
    for (const [id, card] of this.#cards) {
      if (staying.has(id)) continue;
      card.close();
      card.element.remove();
      this.#cards.delete(id);
    }
  }

  /** @param {Scene} scene */
  #await({ characters, awaited }) {
    const places = [...this.#list.querySelectorAll(".awaited")];
    for (const place of places.slice(awaited)) place.remove();
    for (let index = places.length; index < awaited; index++) {
      const place = stamp("awaited");
      find(place, ".name", HTMLElement).textContent = awaitedLine(characters.length + index);
      this.#list.append(place);
    }
  }

  #tell() {
    const cards = [...this.#cards.values()];
    const painted = cards.filter((card) => card.painted).length;
    const described = cards.every((card) => card.described);
    const gone = this.#scene.phase === "gone" && this.#cards.size === 0;
    byId("set-title", HTMLElement).textContent = gone ? "An empty wall" : headingOf(this.#brief?.theme ?? "");
    showText(byId("set-progress", HTMLElement), gone ? null : progressOf(this.#scene, painted));
    document.title = titleOf(this.#scene, painted);
    this.#hooks.onScene(this.#scene, { theme: this.#brief?.theme ?? null, painted, described });
  }
}
