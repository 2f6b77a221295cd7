/** @import { Client } from "../client/types.js" */
/** @import { StripAction } from "./board-stage.js" */
/** @import { BoardCharacter, MediaKind, Worlds } from "./world-calls.js" */
import { LimnerError } from "../client/errors.js";
import { html, setAttribute, showText } from "../elements/dom.js";
import { Desk } from "./board-desk.js";
import { Exhibit } from "./board-exhibit.js";
import { reasonOf } from "./board-forms.js";
import { Slot } from "./board-slot.js";
import { endOf, plateOf, statesOf } from "./board-words.js";
import { meter } from "./card.js";
import { find, stamp } from "./page.js";

/**
 * @typedef {object} BoardCardNews
 * @property {(character?: BoardCharacter) => void} onChange  something was asked for, or has ended: the board is another
 * @property {(sentence: string, job: string) => void} onTell  how a job that was waited for has ended
 */

/** @type {readonly MediaKind[]} */
const KINDS = ["portrait", "video"];

/** The world is not, or no longer, this person's: the board says so, too. */
const FORBIDDEN = 403;

/** It is unknown, no longer kept, or not one to be tried again. */
const NOT_AGAIN = [404, 409, 410];

/** One character of a world: what hangs in the frame, the label beside it, and what its owner can do. */
export class BoardCard {
  element = stamp("card");
  #name = find(this.element, ".name", HTMLHeadingElement);
  #error = find(this.element, ".refusal", HTMLElement);
  #exhibit;
  #slots;
  #desk;
  #client;
  #worlds;
  #world;
  #news;
  #character;
  #yours = false;
  #asking = false;
  #written = "";
  /**
   * The jobs whose end is still to be told.
   *
   * @type {Map<MediaKind, string>}
   */
  #awaited = new Map();

  /**
   * @param {{client: Client, worlds: Worlds, world: string}} server
   * @param {BoardCharacter} character
   * @param {BoardCardNews} news
   */
  constructor({ client, worlds, world }, character, news) {
    this.#client = client;
    this.#worlds = worlds;
    this.#world = world;
    this.#news = news;
    this.#character = character;
    this.#exhibit = new Exhibit(client, find(this.element, ".notes", HTMLElement), {
      onAct: (kind, action) => void this.#act(kind, action),
      onShown: (kind) => this.#tell(kind, null),
      onChange: () => this.#render(),
    });
    const slot = () => new Slot(client, { onChange: () => this.#render(), onEnd: () => news.onChange() });
    this.#slots = { portrait: slot(), video: slot() };
    this.#desk = new Desk(this.element, this.#name, {
      onAct: (kind, action) => void this.#act(kind, action),
      make: (kind, wanted) => this.#make(kind, wanted),
      edit: async (changes) => news.onChange(await worlds.editCharacter(world, character.id, changes)),
      load: () => worlds.media(world, character.id),
      choose: async ({ id }) => news.onChange(await worlds.choose(world, character.id, id)),
      show: (kind) => this.#exhibit.prefer(kind),
      resolve: (path) => client.resolve(path),
    });
    find(this.element, ".frame", HTMLElement).append(this.#exhibit.element);
  }

  /** Whether something is made that the board does not show yet. */
  get isArriving() {
    return KINDS.some((kind) => this.#slots[kind].stage === "arriving");
  }

  /**
   * Whether this job makes its portrait or its video.
   *
   * @param {string} job
   */
  hangs(job) {
    return KINDS.some((kind) => this.#slots[kind].media.job === job);
  }

  /**
   * @param {BoardCharacter} character
   * @param {boolean} yours
   */
  show(character, yours) {
    this.#character = character;
    this.#yours = yours;
    for (const kind of KINDS) {
      this.#slots[kind].show(character[kind]);
      this.#await(kind);
    }
    this.#write();
    this.#render();
  }

  /** Brings it into view. */
  focus() {
    this.element.scrollIntoView({ block: "center" });
    this.#name.focus({ preventScroll: true });
  }

  /** The server answers again. */
  recover() {
    showText(this.#error, null);
    this.#desk.recover();
  }

  close() {
    for (const kind of KINDS) this.#slots[kind].close();
    this.#exhibit.close();
  }

  #write() {
    const { id, name, traits, backstory, stats } = this.#character;
    const words = JSON.stringify([name, plateOf(this.#character), traits, backstory, stats]);
    if (words === this.#written) return;
    this.#written = words;
    this.#name.textContent = name;
    this.#name.id = `name-${id}`;
    setAttribute(find(this.element, "article", HTMLElement), "aria-labelledby", this.#name.id);
    for (const tool of this.element.querySelectorAll(".desk > *")) setAttribute(tool, "aria-describedby", this.#name.id);
    showText(find(this.element, ".plate", HTMLElement), plateOf(this.#character));
    showText(find(this.element, ".story", HTMLElement), backstory);
    const list = find(this.element, ".traits", HTMLUListElement);
    list.replaceChildren(...traits.map((trait) => html("li", {}, trait)));
    list.hidden = traits.length === 0;
    const meters = find(this.element, ".stats", HTMLDListElement);
    meters.replaceChildren(...Object.entries(stats ?? {}).map(meter));
    meters.hidden = stats === null;
  }

  #render() {
    const focused = this.element.querySelector(":focus");
    const state = { ...this.#slots, yours: this.#yours };
    this.#exhibit.show(this.#character, state);
    this.#desk.show(this.#character, state);
    showText(find(this.element, ".states", HTMLElement), statesOf(this.#slots));
    if (focused?.closest("[hidden]")) this.#name.focus({ preventScroll: true });
  }

  /** @param {MediaKind} kind */
  #await(kind) {
    const { media, isUnderWay } = this.#slots[kind];
    if (isUnderWay && media.job !== null) this.#awaited.set(kind, media.job);
    else if (media.status === "failed") this.#tell(kind, media.error?.message ?? "");
    else if (media.status === "canceled") this.#awaited.delete(kind);
  }

  /**
   * Once, and only what was waited for here.
   *
   * @param {MediaKind} kind
   * @param {string | null} reason  why there is none; null where it is here
   */
  #tell(kind, reason) {
    const job = this.#awaited.get(kind);
    const { media, isUnderWay } = this.#slots[kind];
    if (job === undefined || job !== media.job || isUnderWay) return;
    this.#awaited.delete(kind);
    this.#news.onTell(endOf(kind, this.#character.name, reason), job);
  }

  /**
   * @param {MediaKind} kind
   * @param {StripAction} action
   */
  async #act(kind, action) {
    if (action === "change") return this.#desk.open(kind);
    if (this.#asking || action === "reload") return;
    this.#asking = true;
    showText(this.#error, null);
    try {
      if (action === "stop") await this.#stop(kind);
      else if (action === "again") await this.#again(kind);
      else await this.#make(kind, {});
    } catch (error) {
      showText(this.#error, reasonOf(error));
      if (error instanceof LimnerError && error.status === FORBIDDEN) this.#news.onChange();
    } finally {
      this.#asking = false;
    }
  }

  /**
   * The same job, so that what was wanted of it stays; another one where it is no longer kept.
   *
   * @param {MediaKind} kind
   */
  async #again(kind) {
    const { job } = this.#slots[kind].media;
    try {
      if (job === null) return await this.#make(kind, {});
      await this.#client.retry(job);
      this.#news.onChange();
    } catch (error) {
      if (!(error instanceof LimnerError) || !NOT_AGAIN.includes(error.status)) throw error;
      await this.#make(kind, {});
    }
  }

  /** @param {MediaKind} kind */
  async #stop(kind) {
    const { job } = this.#slots[kind].media;
    if (job !== null) await this.#client.cancel(job);
    this.#news.onChange();
  }

  /**
   * @param {MediaKind} kind
   * @param {{seed?: number, description?: string}} wanted
   */
  async #make(kind, wanted) {
    await this.#worlds.regenerate(kind, this.#world, this.#character.id, wanted);
    this.#news.onChange();
  }
}
