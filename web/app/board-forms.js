/** @import { BoardCharacter } from "./world-calls.js" */
import { LimnerError } from "../client/errors.js";
import { setAttribute, showText } from "../elements/dom.js";
import { find } from "./page.js";

/** A form that is sent once, says what is wrong with it, and keeps what was typed until it was accepted. */
export class Form {
  #element;
  #error;
  #sending = false;

  /**
   * @param {HTMLFormElement} element  with an `.error` in it
   * @param {() => Promise<unknown>} send
   */
  constructor(element, send) {
    this.#element = element;
    this.#error = find(element, ".error", HTMLElement);
    element.addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit(send);
    });
    element.addEventListener("input", () => showText(this.#error, null));
  }

  /** Nothing is said against it yet. */
  clear() {
    showText(this.#error, null);
  }

  /** @param {() => Promise<unknown>} send */
  async #submit(send) {
    if (this.#sending) return;
    this.clear();
    const button = find(this.#element, "[type=submit]", HTMLButtonElement);
    this.#sending = true;
    setAttribute(button, "aria-busy", "true");
    try {
      await send();
    } catch (error) {
      showText(this.#error, reasonOf(error));
    } finally {
      setAttribute(button, "aria-busy", null);
      this.#sending = false;
    }
  }
}

/**
 * Why a call was refused, as a sentence; throws what is no refusal.
 *
 * @param {unknown} error
 */
export function reasonOf(error) {
  if (!(error instanceof LimnerError)) throw error;
  return error.errors.map(({ field, message }) => `${field}: ${message}`).join(" ") || error.message;
}

/**
 * What a form wants of another portrait, or video: only what is not as it was.
 *
 * @param {FormData} data
 * @param {Pick<BoardCharacter, "appearance">} character
 */
export function wantedOf(data, { appearance }) {
  const seed = textOf(data, "seed");
  const description = textOf(data, "description");
  return {
    ...(seed === "" ? {} : { seed: Number(seed) }),
    ...(description === "" || description === (appearance ?? "").trim() ? {} : { description }),
  };
}

/**
 * What a form wants to be changed of a character: only what is not as it was.
 *
 * @param {FormData} data
 * @param {Pick<BoardCharacter, "name" | "backstory">} character
 */
export function changesOf(data, { name, backstory }) {
  const [newName, newBackstory] = [textOf(data, "name"), textOf(data, "backstory")];
  return {
    ...(newName === name ? {} : { name: newName }),
    ...(newBackstory === (backstory ?? "").trim() ? {} : { backstory: newBackstory }),
  };
}

/**
 * Without the space around it, and with the line ends of everybody else: a form's are the network's.
 *
 * @param {FormData} data
 * @param {string} name
 */
function textOf(data, name) {
  const value = data.get(name);
  return typeof value === "string" ? value.replace(/\r\n?/g, "\n").trim() : "";
}
