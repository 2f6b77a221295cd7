/** @import { StripAction } from "./board-stage.js" */
/** @import { Slot } from "./board-slot.js" */
/** @import { HistoryCalls } from "./board-history.js" */
/** @import { BoardCharacter, MediaKind } from "./world-calls.js" */
import { setAttribute, showText } from "../elements/dom.js";
import { Drawers } from "./board-drawers.js";
import { Form, changesOf, wantedOf } from "./board-forms.js";
import { History } from "./board-history.js";
import { find } from "./page.js";
import { fileName } from "./sentences.js";

/**
 * @typedef {object} DeskActions
 * @property {(kind: MediaKind, action: StripAction) => void} onAct
 * @property {(kind: MediaKind, wanted: {seed?: number, description?: string}) => Promise<void>} make
 * @property {(changes: {name?: string, backstory?: string}) => Promise<void>} edit
 *
 * @typedef {{portrait: Slot, video: Slot, yours: boolean}} CardState
 */

const FORM = Object.freeze({ portrait: "form.portrait", video: "form.video" });

/** What can be done with one character, under its card: the buttons, and the forms that they open. */
export class Desk {
  #root;
  #drawers;
  #history;
  #drawer;
  /** @type {Form[]} */
  #forms = [];
  /** @type {BoardCharacter | null} */
  #character = null;
  #seen = "";

  /**
   * @param {HTMLElement} root  the card
   * @param {HTMLElement} rest  takes the focus when a button has gone
   * @param {DeskActions & HistoryCalls} actions
   */
  constructor(root, rest, actions) {
    this.#root = root;
    this.#drawers = new Drawers(root, rest);
    this.#drawer = find(root, ".past", HTMLElement);
    this.#history = new History(this.#drawer, actions);
    this.#tool("stop").addEventListener("click", () => actions.onAct("portrait", "stop"));
    this.#tool("first-video").addEventListener("click", () => actions.onAct("video", "make"));
    this.#drawers.add(this.#drawer, this.#tool("history"), () => void this.#history.refresh());
    this.#form("form.edit", "edit", async (data) => {
      const changes = this.#character === null ? {} : changesOf(data, this.#character);
      if (Object.keys(changes).length > 0) await actions.edit(changes);
    });
    const make = (/** @type {MediaKind} */ kind) => (/** @type {FormData} */ data) =>
      actions.make(kind, wantedOf(data, { appearance: this.#character?.appearance ?? null }));
    this.#form(FORM.portrait, "new-portrait", make("portrait"));
    this.#form(FORM.video, "new-video", make("video"));
  }

  /**
   * The form for another one of this kind.
   *
   * @param {MediaKind} kind
   */
  open(kind) {
    this.#drawers.open(find(this.#root, FORM[kind], HTMLElement));
  }

  /**
   * @param {BoardCharacter} character
   * @param {CardState} state
   */
  show(character, { portrait, video, yours }) {
    this.#character = character;
    const picture = portrait.media.url;
    this.#save("save-portrait", picture, "image/png");
    this.#save("save-video", video.media.url, "video/mp4");
    this.#tool("stop").hidden = !yours || picture !== null || !portrait.isUnderWay;
    this.#tool("new-portrait").hidden = !yours || portrait.isUnderWay || portrait.stage === "missing";
    this.#tool("first-video").hidden = !yours || picture === null || video.stage !== "missing";
    this.#tool("new-video").hidden = !yours || video.isUnderWay || video.stage === "missing";
    this.#tool("edit").hidden = !yours;
    const count = portrait.media.count + video.media.count;
    showText(this.#tool("history"), count === 0 ? null : `History (${count})`);
    this.#refresh(character, yours);
  }

  /** The server answers again: forms can be sent, and an open history that did not come is fetched. */
  recover() {
    for (const form of this.#forms) form.clear();
    if (this.#drawers.opened === this.#drawer) void this.#history.refresh();
  }

  /**
   * The history follows the board while it is open.
   *
   * @param {BoardCharacter} character
   * @param {boolean} yours
   */
  #refresh({ portrait, video, shown }, yours) {
    this.#history.shown = shown;
    const seen = JSON.stringify([portrait, video, yours]);
    if (seen === this.#seen) return;
    this.#seen = seen;
    this.#history.yours = yours;
    if (this.#drawers.opened === this.#drawer) void this.#history.refresh();
  }

  /**
   * @param {string} name
   * @param {string | null} url
   * @param {string} contentType
   */
  #save(name, url, contentType) {
    const link = find(this.#root, `.desk > .${name}`, HTMLAnchorElement);
    link.hidden = url === null;
    if (url === null || this.#character === null) return;
    setAttribute(link, "href", this.#history.resolve(url));
    setAttribute(link, "download", fileName(this.#character.name, contentType));
  }

  /**
   * @param {string} selector
   * @param {string} tool
   * @param {(data: FormData) => Promise<void>} send
   */
  #form(selector, tool, send) {
    const element = find(this.#root, selector, HTMLFormElement);
    const form = new Form(element, async () => {
      await send(new FormData(element));
      this.#drawers.close();
    });
    this.#forms.push(form);
    this.#drawers.add(element, this.#tool(tool), () => {
      form.clear();
      if (this.#character !== null) fill(element, this.#character);
    });
  }

  /** @param {string} name */
  #tool(name) {
    return find(this.#root, `.desk > .${name}`, HTMLButtonElement);
  }
}

/**
 * As the character is now, with the focus in its first field.
 *
 * @param {HTMLFormElement} form
 * @param {BoardCharacter} character
 */
function fill(form, { name, backstory, appearance }) {
  const values = new Map([["name", name], ["backstory", backstory ?? ""], ["description", appearance ?? ""]]);
  const fields = form.querySelectorAll("input, textarea");
  for (const field of fields) {
    if (field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement) field.value = values.get(field.name) ?? "";
  }
  if (fields[0] instanceof HTMLElement) fields[0].focus();
}
