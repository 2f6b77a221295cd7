/** @import { Scene } from "./scene.js" */
/** @import { Member } from "./keep.js" */
/** @import { KeepMemory } from "./keep-memory.js" */
/** @import { Worlds } from "./world-calls.js" */
import { LimnerError } from "../client/index.js";
import { setAttribute, showText } from "../elements/dom.js";
import { complaintsOf, faultOf, nameOf, obstacleOf, promiseOf } from "./keep.js";
import { byId, find } from "./page.js";

const KEEP = "Keep";
const KEEPING = "Keeping…";

/** The form that makes a world of the set that is shown: its name, what is wrong with it, and that it is made once. */
export class KeepForm {
  #form = byId("keep", HTMLFormElement);
  #name = byId("world-name", HTMLInputElement);
  #button = find(this.#form, "[type=submit]", HTMLButtonElement);
  #nameError = byId("world-name-error", HTMLElement);
  #error = byId("keep-error", HTMLElement);
  #kept = byId("kept", HTMLElement);
  #worlds;
  #memory;
  #members;
  /** @type {string | null} */
  #set = null;
  /** @type {Scene | null} */
  #scene = null;
  #named = false;
  #sending = false;

  /**
   * @param {Worlds} worlds
   * @param {KeepMemory} memory
   * @param {() => Member[]} members  the characters that are shown, in their order
   */
  constructor(worlds, memory, members) {
    this.#worlds = worlds;
    this.#memory = memory;
    this.#members = members;
    this.#name.addEventListener("input", () => {
      this.#named = true;
      this.#clear();
    });
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    // Who comes back finds the page as it was left: on its way to the world.
    window.addEventListener("pageshow", ({ persisted }) => persisted && this.reset(this.#set));
  }

  /**
   * Another set is about to be shown.
   *
   * @param {string | null} set  the id of its job
   */
  reset(set) {
    if (set !== this.#set) {
      this.#named = false;
      this.#name.value = "";
    }
    this.#set = set;
    this.#busy(false);
    this.#clear();
    this.#showKept();
  }

  /**
   * @param {Scene} scene
   * @param {{theme: string | null, painted: number, described: boolean}} known  the theme is null while it is not known
   */
  show(scene, { theme, painted, described }) {
    this.#scene = scene;
    const obstacle = obstacleOf(scene, described);
    this.#form.hidden = scene.phase === "gone" && scene.characters.length === 0;
    this.#button.disabled = obstacle !== null;
    showText(byId("keep-hint", HTMLElement), obstacle ?? (this.#kept.hidden ? promiseOf(scene, painted) : null));
    if (!this.#named && theme !== null && this.#name.value === "") this.#name.value = nameOf(theme);
  }

  async #submit() {
    if (this.#sending || this.#set === null) return;
    this.#clear();
    const name = this.#name.value.trim();
    if (this.#blame(faultOf(name))) return this.#name.focus();
    const set = this.#set;
    const members = this.#members();
    this.#busy(true);
    try {
      const key = this.#memory.keyOf(JSON.stringify({ name, members }));
      const { world_id: id } = await this.#worlds.createWorld(name, members, key);
      this.#memory.succeeded({ set, id, name });
      // It stays busy until the page has gone: a click that is late makes no second world.
      if (this.#set === set) location.assign(this.#worlds.address(id));
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      if (this.#set === set) this.#refuse(error);
    }
  }

  /** @param {LimnerError} error */
  #refuse(error) {
    this.#busy(false);
    const names = this.#scene?.characters.map((character) => character.name) ?? [];
    const { name, others } = complaintsOf(error.errors, names);
    this.#blame(name);
    showText(this.#error, error.errors.length === 0 ? error.message : others);
    (name === null ? this.#button : this.#name).focus();
  }

  /**
   * Whether there is something to say against the name.
   *
   * @param {string | null} fault
   */
  #blame(fault) {
    setAttribute(this.#name, "aria-invalid", fault === null ? null : "true");
    showText(this.#nameError, fault);
    return fault !== null;
  }

  #clear() {
    this.#blame(null);
    showText(this.#error, null);
  }

  /** @param {boolean} sending */
  #busy(sending) {
    this.#sending = sending;
    setAttribute(this.#button, "aria-busy", sending ? "true" : null);
    this.#button.textContent = sending ? KEEPING : KEEP;
  }

  #showKept() {
    const world = this.#set === null ? null : this.#memory.worldOf(this.#set);
    this.#kept.hidden = world === null;
    if (world === null) return;
    const link = find(this.#kept, "a", HTMLAnchorElement);
    link.href = this.#worlds.address(world.id);
    link.textContent = world.name;
  }
}
