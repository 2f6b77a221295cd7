/** @import { ClientMessage, Hello, Job, JobState, ServerMessage } from "../../../../web/client/types.js" */
/** @import { Effect, Input, TimerName, TransportName } from "../../../../web/client/turn.js" */

import assert from "node:assert/strict";

import { connectionOf, initialState, step } from "../../../../web/client/machine.js";
import { loading } from "../../../../web/client/records.js";

/** The machine with a clock that is moved by hand; what it asks for is written down. */
export class Rig {
  state = initialState();
  now = 1_000_000;
  random = 0.5;
  /** @type {Map<TimerName, number>} */
  timers = new Map();
  /** @type {Effect[]} */
  effects = [];
  /** @type {Record<TransportName, number>} The newest connection of each kind. */
  links = { websocket: 0, polling: 0 };
  /** @type {Map<string, JobState>} */
  shown = new Map();

  /** @param {Input} input */
  input(input) {
    const { state, effects } = step(this.state, input, { now: this.now, random: this.random });
    this.state = state;
    this.effects = effects;
    for (const effect of effects) this.#note(effect);
    return effects;
  }

  /** @param {Effect} effect */
  #note(effect) {
    if (effect.type === "schedule") this.timers.set(effect.timer, this.now + effect.after);
    if (effect.type === "unschedule") this.timers.delete(effect.timer);
    if (effect.type === "open") this.links[effect.transport] = effect.link;
    if (effect.type === "deliver") this.shown.set(effect.state.id, effect.state);
  }

  /**
   * Lets time pass; all effects meanwhile are the answer.
   *
   * @param {number} ms
   */
  advance(ms) {
    const end = this.now + ms;
    /** @type {Effect[]} */
    const effects = [];
    for (let next = this.#due(end); next; next = this.#due(end)) {
      const [timer, at] = next;
      this.now = at;
      this.timers.delete(timer);
      effects.push(...this.input({ type: "timer", timer }));
    }
    this.now = end;
    this.effects = effects;
    return effects;
  }

  /**
   * Lets time pass on a WebSocket that shows signs of life.
   *
   * @param {number} ms
   */
  live(ms) {
    for (let left = ms; left > 0; left -= 5_000) {
      this.advance(Math.min(5_000, left));
      this.say({ type: "ping" });
    }
  }

  /** @param {number} end */
  #due(end) {
    return [...this.timers].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1])[0];
  }

  /** @param {...string} ids */
  watch(...ids) {
    for (const id of ids) this.input({ type: "watch", state: this.shown.get(id) ?? loading(id) });
  }

  /** @param {TransportName} transport */
  opened(transport) {
    return this.input({ type: "opened", link: this.links[transport] });
  }

  /**
   * @param {ServerMessage} message
   * @param {TransportName} transport
   */
  say(message, transport = "websocket") {
    return this.input({ type: "message", link: this.links[transport], message });
  }

  /**
   * @param {Job} job
   * @param {TransportName} transport
   */
  tell(job, transport = "websocket") {
    return this.say({ type: "job", job }, transport);
  }

  /**
   * @param {number} code
   * @param {TransportName} transport
   */
  closed(code = 1006, transport = "websocket") {
    return this.input({ type: "closed", link: this.links[transport], code });
  }

  /**
   * A WebSocket that is open and has greeted, with these jobs subscribed.
   *
   * @param {string[]} ids
   * @param {Partial<Hello>} [hello]
   */
  connect(ids, hello = {}) {
    this.watch(...ids);
    this.greet(hello);
    return this;
  }

  /** @param {Partial<Hello>} [hello] */
  greet(hello = {}) {
    this.opened("websocket");
    return this.say({ type: "hello", ping_interval_ms: 25_000, retry_window_ms: 5_000, max_jobs: 256, ...hello });
  }

  /** WebSockets are blocked here: polling has taken over, and works. @param {...string} ids */
  poll(...ids) {
    this.watch(...ids);
    this.closed();
    this.opened("polling");
    this.say({ type: "ping" }, "polling");
    return this;
  }

  /** @param {readonly Effect[]} effects */
  sent(effects = this.effects) {
    return effects.flatMap((effect) => (effect.type === "send" ? [effect.message] : []));
  }

  /** @param {readonly Effect[]} effects */
  openings(effects = this.effects) {
    return effects.flatMap((effect) => (effect.type === "open" ? [effect.transport] : []));
  }

  get connection() {
    return connectionOf(this.state);
  }

  /**
   * In how many milliseconds the timer will go off; null when it is not set.
   *
   * @param {TimerName} timer
   */
  due(timer) {
    const at = this.timers.get(timer);
    return at === undefined ? null : at - this.now;
  }

  /**
   * @param {string} id
   * @returns {Job | null}
   */
  job(id) {
    return this.shown.get(id)?.job ?? null;
  }
}

/**
 * The versions asked for by the subscriptions among these messages.
 *
 * @param {ClientMessage[]} messages
 */
export function subscriptions(messages) {
  return Object.assign({}, ...messages.map((message) => (message.type === "subscribe" ? message.jobs : {})));
}

/**
 * @param {ClientMessage | undefined} message
 */
export function size(message) {
  assert.ok(message && message.type !== "ping");
  return Array.isArray(message.jobs) ? message.jobs.length : Object.keys(message.jobs).length;
}
