/** @import { Client } from "../client/types.js" */
/** @import { Strip, StripAction } from "./board-stage.js" */
/** @import { Slot } from "./board-slot.js" */
/** @import { BoardCharacter, MediaKind } from "./world-calls.js" */
import { html, setAttribute } from "../elements/dom.js";
import { LimnerPortraitElement } from "../elements/limner-portrait.js";
import { Picture } from "../elements/picture.js";
import { words } from "../elements/words.js";
import { Film } from "./board-film.js";
import { StripView } from "./board-strip.js";
import { stripOf } from "./board-stage.js";
import { altOf } from "./board-words.js";
import { near } from "./near.js";

/**
 * @typedef {object} ExhibitNews
 * @property {(kind: MediaKind, action: StripAction) => void} onAct  a button over the frame was pressed
 * @property {(kind: MediaKind) => void} onShown                     it is here and can be seen
 * @property {() => void} onChange                                   something else is to be shown now
 */

/**
 * What hangs in one frame: the portrait, the video over it, the canvas while there is neither, and what is told of those
 * that are not there. What was shown stays until the next one is here.
 */
export class Exhibit {
  element = html("div", { class: "exhibit" });
  #below = html("div", { class: "below" });
  #canvas = new LimnerPortraitElement();
  #behind = html("div", { class: "behind", "aria-hidden": "true" });
  #wall = html("div", { class: "layer" });
  #picture = new Picture();
  #key = "";
  #version = "";
  /** What comes is another picture than the one that hangs there: what a person wanted to see of that counts no more. */
  #isAnother = false;
  /** @type {BoardCharacter["shown"]} */
  #hangs = null;
  #loading = new AbortController();
  #film;
  #strips;
  #client;
  #notes;
  #news;
  #shown = false;

  /**
   * @param {Client} client
   * @param {HTMLElement} notes  where that is told which must not cover a picture
   * @param {ExhibitNews} news
   */
  constructor(client, notes, news) {
    this.#notes = notes;
    this.#client = client;
    this.#news = news;
    const act = (/** @type {MediaKind} */ kind) => (/** @type {StripAction} */ action) => this.#act(kind, action);
    this.#strips = { portrait: new StripView("portrait", act("portrait")), video: new StripView("video", act("video")) };
    this.#film = new Film((path) => client.resolve(path), {
      onShown: () => news.onShown("video"),
      onChange: news.onChange,
    });
    this.#canvas.client = client;
    this.#canvas.quiet = true;
    this.#canvas.addEventListener("limner-portrait-repaint", () => news.onAct("portrait", "again"));
    this.#below.append(this.#film.toggle);
    this.element.append(this.#canvas, this.#behind, this.#wall, this.#film.element, this.#below);
  }

  /**
   * @param {BoardCharacter} character
   * @param {{portrait: Slot, video: Slot, yours: boolean}} state
   */
  show(character, { portrait, video, yours }) {
    const alt = altOf(character);
    const { url } = portrait.media;
    this.#hang(url, portrait.media.kept ? "" : (portrait.media.job ?? ""), alt);
    this.#hangs = character.shown;
    this.#film.show(video.media.url, video.media.poster ?? url, character.name);
    if (this.#picture.shown || this.#wall.childElementCount === 0) this.#lead();
    const painting = url === null && ["waiting", "making", "arriving"].includes(portrait.stage);
    this.#canvas.alt = alt;
    this.#paint(portrait.media, painting);
    const table = words();
    const known = { situation: portrait.situation, yours, lost: this.#picture.lost };
    this.#tell("portrait", painting ? null : stripOf("portrait", portrait.media, known, table), character);
    const film = { situation: video.situation, yours, lost: this.#film.lost };
    this.#tell("video", stripOf("video", video.media, film, table), character);
  }

  /**
   * Shows the portrait, or the video, where there are both.
   *
   * @param {MediaKind} kind
   */
  prefer(kind) {
    this.#film.prefer(kind === "video");
  }

  close() {
    this.#loading.abort();
    this.#film.close();
    this.#canvas.remove();
  }

  /** A new portrait takes the place of the video when it is here, and not before. */
  #lead() {
    this.#film.lead(this.#hangs !== "portrait");
  }

  /**
   * What goes on stands over the frame, that of the video above; what has failed does not cover a picture.
   *
   * @param {MediaKind} kind
   * @param {Strip | null} strip
   * @param {BoardCharacter} character
   */
  #tell(kind, strip, { name, portrait }) {
    const view = this.#strips[kind];
    const over = kind === "video" ? this.element : this.#below;
    const place = strip?.stage === "failed" && portrait.url !== null ? this.#notes : over;
    if (view.element.parentElement !== place) place.append(view.element);
    view.show(strip, name);
  }

  /**
   * The canvas tells by itself how far the first portrait is, and keeps what it shows until that hangs on the wall.
   *
   * @param {BoardCharacter["portrait"]} media
   * @param {boolean} painting
   */
  #paint({ job, url }, painting) {
    this.#canvas.hidden = this.#shown;
    if (painting) setAttribute(this.#canvas, "job", job);
    else if (url === null) setAttribute(this.#canvas, "job", null);
  }

  /**
   * @param {string | null} path
   * @param {string} version  tells two pictures at the same address apart
   * @param {string} alt
   */
  #hang(path, version, alt) {
    const image = this.#wall.querySelector("img");
    if (image !== null) image.alt = alt;
    const key = `${path} ${version}`;
    if (key === this.#key) return;
    const isLanding = this.#version !== "" && version === "";
    this.#isAnother = path !== null && (this.#isAnother || (image !== null && !isLanding));
    this.#key = key;
    this.#version = version;
    this.#loading.abort();
    this.#loading = new AbortController();
    this.#picture = new Picture();
    this.#picture.path = path ?? "";
    if (path === null) {
      this.#wall.replaceChildren();
      this.#behind.replaceChildren();
      this.#shown = false;
    } else void this.#load(alt);
  }

  /** @param {string} alt */
  async #load(alt) {
    const { signal } = this.#loading;
    await near(this.element, signal);
    const image = await this.#picture.load((path) => this.#client.resolve(path), signal);
    if (signal.aborted) return;
    if (image !== null) {
      image.alt = alt;
      void this.#fadeIn(image);
      if (this.#isAnother) this.#film.prefer(null);
      this.#isAnother = false;
      this.#lead();
      this.#news.onShown("portrait");
    }
    this.#news.onChange();
  }

  /**
   * What hung there is still seen below until the picture has wholly come.
   *
   * @param {HTMLImageElement} image
   */
  async #fadeIn(image) {
    const before = this.#wall.querySelector("img");
    this.#wall.classList.toggle("over", before !== null || this.#canvas.hasAttribute("job"));
    if (before !== null) this.#behind.replaceChildren(before);
    this.#wall.replaceChildren(image);
    await Promise.allSettled(image.getAnimations().map(({ finished }) => finished));
    if (image.parentElement !== this.#wall) return;
    this.#behind.replaceChildren();
    this.#shown = true;
    this.#canvas.hidden = true;
    this.#canvas.removeAttribute("job");
  }

  /**
   * @param {MediaKind} kind
   * @param {StripAction} action
   */
  #act(kind, action) {
    if (action !== "reload") this.#news.onAct(kind, action);
    else if (kind === "video") this.#film.reload();
    else void this.#load(this.#canvas.alt);
  }
}
