/** @import { Scene } from "./scene.js" */
import { showText } from "../elements/dom.js";
import { byId, find } from "./page.js";

const COPIED_MS = 2_500;

/** What can be done with the whole set: copy its link, stop it, try again, ask for another. */
export class Tools {
  #copy = byId("copy", HTMLButtonElement);
  #link = byId("link", HTMLInputElement);
  #stop = byId("stop", HTMLButtonElement);
  #another = byId("another", HTMLButtonElement);
  #notice = byId("notice", HTMLElement);
  #sentence = find(this.#notice, "p", HTMLElement);
  #remedy = find(this.#notice, "button", HTMLButtonElement);
  /** @type {Scene | null} */
  #scene = null;
  /** @type {string | null} */
  #refusal = null;

  /** @param {{stop: () => void, retry: () => void, generate: () => void}} actions */
  constructor({ stop, retry, generate }) {
    this.#copy.addEventListener("click", () => void this.#copyLink());
    this.#stop.addEventListener("click", stop);
    this.#another.addEventListener("click", generate);
    this.#remedy.addEventListener("click", () => (this.#scene?.retryable ? retry() : generate()));
  }

  /** Another set is about to be shown. */
  reset() {
    this.#scene = null;
    this.#refusal = null;
    this.#link.hidden = true;
  }

  /** @param {Scene} scene */
  show(scene) {
    if (this.#scene?.phase !== scene.phase) this.#refusal = null;
    this.#scene = scene;
    const { phase, characters } = scene;
    const focused = [this.#stop, this.#remedy].find((button) => button.matches(":focus"));
    this.#stop.hidden = phase !== "writing";
    this.#copy.hidden = phase === "gone";
    this.#another.hidden = phase === "writing" || phase === "opening" || characters.length === 0;
    this.#tell(this.#refusal ?? sentenceOf(scene), phase);
    if (focused?.closest("[hidden]")) byId("set-title", HTMLElement).focus();
  }

  /**
   * The server said no to a button of the set.
   *
   * @param {string} reason
   */
  refuse(reason) {
    this.#refusal = reason;
    if (this.#scene !== null) this.#tell(reason, this.#scene.phase);
  }

  /**
   * @param {string | null} sentence
   * @param {Scene["phase"]} phase
   */
  #tell(sentence, phase) {
    this.#notice.hidden = sentence === null;
    showText(this.#sentence, sentence);
    const ended = phase === "failed" || phase === "stopped" || phase === "gone";
    const remedy = this.#scene?.retryable ? "Try again" : "Generate a new set";
    showText(this.#remedy, ended ? remedy : null);
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

/** @param {Scene} scene */
function sentenceOf({ phase, reason, characters }) {
  if (phase === "failed") return reason ?? "The characters could not be written.";
  if (phase === "stopped") return "Stopped before everyone was written.";
  if (phase !== "gone") return null;
  return characters.length > 0
    ? "This set is no longer kept. Save the pictures you like before you leave."
    : "The people of this link have gone home: some time after the last visit the wall is cleared. New ones are quickly found.";
}
