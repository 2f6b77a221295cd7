/** The operator's page: who may see it, and how it is kept up to date. */

/** @import { QueueState } from "./queue-server.js" */
import { LimnerError } from "../client/errors.js";
import { showText } from "../elements/dom.js";
import { Announcer } from "./announce.js";
import { byId } from "./page.js";
import { QueueServer } from "./queue-server.js";
import { QueueView } from "./queue-view.js";

const KEY = "limner-operator-key";
const POLL_MS = 2_000;
const HIDDEN_POLL_MS = 15_000;

const entrance = byId("entrance", HTMLFormElement);
const field = byId("key", HTMLInputElement);
const keyError = byId("key-error", HTMLElement);
const queue = byId("queue", HTMLElement);
const refusal = byId("refusal", HTMLElement);
const connection = byId("connection", HTMLElement);
const announcer = new Announcer(byId("live", HTMLElement));

/** Looks again and again, until it is closed. What is asked for meanwhile is done first. */
class Watch {
  #server;
  #view;
  /** @type {QueueState | null} */
  #state = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #asking = false;
  #again = false;
  #closed = false;

  /** @param {string} key */
  constructor(key) {
    this.#server = new QueueServer(new URL("../../", import.meta.url).href, key);
    this.#view = new QueueView(this.#server, (call, done) => this.#act(call, done));
  }

  /** Look now, and from now on. */
  async look() {
    if (this.#closed) return;
    if (this.#asking) {
      this.#again = true;
      return;
    }
    clearTimeout(this.#timer);
    this.#asking = true;
    this.#again = false;
    try {
      const state = await this.#server.look();
      if (this.#closed) return;
      this.#state = state ?? this.#state;
      showText(connection, null);
      if (this.#state !== null) this.#view.show(this.#state, this.#server.now);
      if (queue.hidden) enter();
    } catch (error) {
      if (this.#closed) return;
      if (!(error instanceof LimnerError)) throw error;
      if (error.status === 401 || error.status === 403) return leave(error.message);
      showText(connection, `${error.message} Trying again…`);
    } finally {
      this.#asking = false;
    }
    this.#timer = setTimeout(() => void this.look(), this.#again ? 0 : document.hidden ? HIDDEN_POLL_MS : POLL_MS);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
  }

  /**
   * @template Answer
   * @param {() => Promise<Answer>} call
   * @param {(answer: Answer) => string} done
   */
  async #act(call, done) {
    showText(refusal, null);
    try {
      announcer.say(done(await call()));
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      showText(refusal, error.message);
    }
    await this.look();
  }
}

/** @type {Watch | null} */
let watch = null;

/** @param {string} key */
function open(key) {
  watch?.close();
  watch = new Watch(key);
  void watch.look();
}

function enter() {
  const asked = !entrance.hidden;
  entrance.hidden = true;
  queue.hidden = false;
  field.value = "";
  if (asked) byId("queue-title", HTMLElement).focus();
}

/** @param {string | null} reason */
function leave(reason) {
  watch?.close();
  watch = null;
  sessionStorage.removeItem(KEY);
  showText(connection, null);
  document.title = "The queue – Limner";
  for (const rows of queue.querySelectorAll("tbody")) rows.replaceChildren();
  queue.hidden = true;
  entrance.hidden = false;
  showText(keyError, reason);
  field.focus();
}

entrance.addEventListener("submit", (event) => {
  event.preventDefault();
  const key = field.value.trim();
  if (key === "") return field.focus();
  if (!/^[\x21-\x7e]+$/.test(key)) return leave("This key is not known.");
  showText(keyError, null);
  sessionStorage.setItem(KEY, key);
  open(key);
});
byId("leave", HTMLButtonElement).addEventListener("click", () => leave(null));
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void watch?.look();
});

const known = sessionStorage.getItem(KEY);
if (known === null) leave(null);
else open(known);
