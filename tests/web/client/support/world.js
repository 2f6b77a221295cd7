/** @import { ClientMessage, Job, ServerMessage } from "../../../../web/client/types.js" */
/** @import { Effect, Input, TransportName } from "../../../../web/client/turn.js" */

import assert from "node:assert/strict";

import { loading, versionOf } from "../../../../web/client/records.js";
import { job } from "./records.js";
import { Rig } from "./rig.js";

/**
 * A connection as the network has it: messages on their way in both directions, in order.
 *
 * @typedef {object} Wire
 * @property {TransportName} name
 * @property {boolean} open
 * @property {ClientMessage[]} up
 * @property {ServerMessage[]} down
 * @property {Map<string, {told: number}>} watching The version that the client has, or will have when all has arrived.
 */

/** A server, a network that may fail, and the machine between them, all moved by chance. */
export class World {
  rig = new Rig();
  /** @type {Map<string, Job | null>} What is true. */
  truth = new Map();
  /** @type {Map<string, Job[]>} What was true before, as far as the store may fall back to it. */
  #past = new Map();
  /** @type {Set<string>} Job and version that the store fell back to, which may be shown after newer ones. */
  #losses = new Set();
  /** @type {Map<number, Wire>} */
  #wires = new Map();
  /** @type {Map<string, number>} The version shown in this subscription, which may not fall. */
  #floor = new Map();
  #version = 100;
  blocked = { websocket: false, polling: false };
  maxJobs = 3;
  /** @type {Set<string>} */
  watched = new Set();

  /** @param {() => number} random */
  constructor(random) {
    this.random = random;
  }

  /** @param {Input} input */
  #input(input) {
    this.rig.random = this.random();
    this.#follow(this.rig.input(input));
  }

  /** @param {readonly Effect[]} effects */
  #follow(effects) {
    for (const effect of effects) {
      if (effect.type === "open") this.#connect(effect.transport, effect.link);
      if (effect.type === "send") this.#sent(effect.link, effect.message);
      if (effect.type === "drop") this.#wires.delete(effect.link);
      if (effect.type === "deliver") this.#check(effect.state.id, versionOf(effect.state));
    }
  }

  /**
   * @param {TransportName} name
   * @param {number} link
   */
  #connect(name, link) {
    this.#wires.set(link, { name, open: false, up: [], down: [], watching: new Map() });
  }

  /**
   * @param {number} link
   * @param {ClientMessage} message
   */
  #sent(link, message) {
    const wire = this.#wires.get(link);
    assert.ok(wire?.open, "something was sent on a connection that is not open");
    wire.up.push(message);
    if (message.type !== "subscribe") return;
    for (const id of Object.keys(message.jobs)) this.#floor.delete(id);
    // What was asked before is no answer to polling any more. A WebSocket's events stay on their way.
    if (wire.name === "polling") wire.down = wire.down.filter((sent) => !(subject(sent) in message.jobs));
  }

  /**
   * @param {string} id
   * @param {number} version
   */
  #check(id, version) {
    assert.ok(this.watched.has(id), "something was delivered that nobody watches");
    if (version === 0) return void this.#floor.delete(id);
    const floor = this.#floor.get(id) ?? 0;
    assert.ok(version > floor || this.#losses.has(`${id} ${version}`), `${id}: ${version} came after ${floor}`);
    this.#floor.set(id, version);
  }

  /** The job takes a step, ends, starts again, or comes to be. @param {string} id */
  change(id) {
    const now = this.truth.get(id);
    const final = now?.status === "succeeded" || now?.status === "failed";
    const status = final ? "queued" : this.random() < 0.3 ? "succeeded" : "processing";
    this.#publish(id, job(id, (this.#version += 1), { status }));
  }

  /** All that was known of the job is lost. @param {string} id */
  lose(id) {
    this.#publish(id, null);
  }

  /**
   * The store comes back as it was a while ago, maybe without what it has just answered.
   *
   * @param {string} id
   */
  rewind(id) {
    const kept = this.truth.get(id);
    if (!kept) return;
    if (this.random() < 0.5) {
      this.truth.set(id, job(id, (this.#version += 1), { status: "queued" }));
      this.answer(id);
    }
    const past = this.#past.get(id) ?? [];
    const state = past[Math.floor(this.random() * past.length)] ?? kept;
    this.#past.set(id, past.filter(({ version }) => version <= state.version));
    this.#losses.add(`${id} ${state.version}`);
    for (const wire of this.#wires.values()) {
      if (wire.name === "websocket" && wire.open) wire.down.push({ type: "error", code: "unavailable", message: "" });
    }
    this.#publish(id, state);
  }

  /**
   * @param {string} id
   * @param {Job | null} state
   */
  #publish(id, state) {
    this.truth.set(id, state);
    if (state) this.#past.set(id, [...(this.#past.get(id) ?? []).slice(-3), state]);
    else this.#past.delete(id);
    for (const wire of this.#wires.values()) {
      const entry = wire.name === "websocket" ? wire.watching.get(id) : undefined;
      if (!entry || entry.told === (state?.version ?? 0)) continue;
      entry.told = state?.version ?? 0;
      wire.down.push(news(id, state));
    }
  }

  /** @param {string} id */
  watch(id) {
    if (this.watched.has(id)) return;
    this.watched.add(id);
    this.#input({ type: "watch", state: this.rig.shown.get(id) ?? loading(id) });
  }

  /** @param {string} id */
  unwatch(id) {
    if (!this.watched.delete(id)) return;
    this.#floor.delete(id);
    this.#input({ type: "unwatch", id });
  }

  /** A page that redraws itself, and what may happen meanwhile. @param {string} id */
  redraw(id) {
    this.unwatch(id);
    if (this.random() < 0.5) this.change(id);
    if (this.random() < 0.5) this.move();
    this.watch(id);
    if (this.random() < 0.5) this.answer(id);
  }

  /** The answer to a call of ours. @param {string} id */
  answer(id) {
    const record = this.truth.get(id);
    if (record) this.#input({ type: "record", job: record });
  }

  wake() {
    this.#input({ type: "wake" });
  }

  /** @param {number} ms */
  pass(ms) {
    this.rig.random = this.random();
    const end = this.rig.now + ms;
    for (;;) {
      const next = [...this.rig.timers].filter(([, at]) => at <= end).sort((a, b) => a[1] - b[1])[0];
      if (!next) break;
      this.rig.timers.delete(next[0]);
      this.rig.now = Math.max(this.rig.now, next[1]);
      this.#input({ type: "timer", timer: next[0] });
    }
    this.rig.now = end;
  }

  /** One connection breaks. */
  cut() {
    const links = [...this.#wires.keys()];
    const link = links[Math.floor(this.random() * links.length)];
    if (link !== undefined) this.#break(link);
  }

  /** @param {number} link */
  #break(link) {
    this.#wires.delete(link);
    this.#input({ type: "closed", link, code: 1006 });
  }

  /** Something moves on each connection, if it can. */
  move() {
    for (const [link, wire] of [...this.#wires]) {
      if (this.blocked[wire.name]) this.#break(link);
      else if (!wire.open) this.#accept(link, wire);
      else this.#carry(link, wire);
    }
  }

  /**
   * @param {number} link
   * @param {Wire} wire
   */
  #accept(link, wire) {
    wire.open = true;
    if (wire.name === "websocket")
      wire.down.push({ type: "hello", ping_interval_ms: 25_000, retry_window_ms: 1_000, max_jobs: this.maxJobs });
    this.#input({ type: "opened", link });
  }

  /**
   * @param {number} link
   * @param {Wire} wire
   */
  #carry(link, wire) {
    const request = wire.up.shift();
    if (request) this.#serve(wire, request);
    if (wire.name === "polling" && !request) for (const [id, entry] of wire.watching) this.#poll(wire, id, entry);
    const count = Math.floor(this.random() * 4);
    for (const message of wire.down.splice(0, count)) {
      if (this.#wires.get(link) === wire) this.#input({ type: "message", link, message });
    }
  }

  /**
   * @param {Wire} wire
   * @param {ClientMessage} message
   */
  #serve(wire, message) {
    if (message.type === "ping") wire.down.push({ type: "pong" });
    if (message.type === "unsubscribe") for (const id of message.jobs) wire.watching.delete(id);
    if (message.type !== "subscribe") return;
    for (const [id, told] of Object.entries(message.jobs)) {
      const state = this.truth.get(id) ?? null;
      wire.watching.set(id, { told: wire.name === "websocket" ? (state?.version ?? 0) : told });
      if (wire.name === "websocket" && (state?.version ?? 0) !== told) wire.down.push(news(id, state));
      if (wire.name === "websocket" && state === null && told === 0) wire.down.push(news(id, state));
    }
    wire.down.push({ type: "subscribed", jobs: Object.keys(message.jobs) });
  }

  /**
   * @param {Wire} wire
   * @param {string} id
   * @param {{told: number}} entry
   */
  #poll(wire, id, entry) {
    const state = this.truth.get(id) ?? null;
    if (entry.told === (state?.version ?? -1)) return;
    entry.told = state?.version ?? -1;
    wire.down.push(news(id, state));
  }

  /** The network works, and time goes by just until nothing is on its way any more: a later reconnection heals all. */
  settle() {
    this.blocked = { websocket: false, polling: false };
    for (let round = 0, quiet = 0; round < 2_000; round += 1) {
      this.move();
      this.pass(50);
      quiet = this.#isQuiet ? quiet + 1 : 0;
      if (quiet === 3) return;
    }
    assert.fail("it does not come to rest");
  }

  get #isQuiet() {
    const { connection, timers } = this.rig;
    const idle = [...this.#wires.values()].every(({ open, up, down }) => open && up.length + down.length === 0);
    const still = !timers.has("flush") && !timers.has("retry:polling");
    return idle && still && (connection.phase === "open" || this.watched.size === 0);
  }
}

/**
 * @param {string} id
 * @param {Job | null} state
 * @returns {ServerMessage}
 */
function news(id, state) {
  return state === null ? { type: "unknown", job: id, expired: false } : { type: "job", job: state };
}

/** @param {ServerMessage} message */
function subject(message) {
  if (message.type === "job") return message.job.id;
  return message.type === "unknown" ? message.job : "";
}

/**
 * Numbers by chance that are the same for the same seed (mulberry32).
 *
 * @param {number} seed
 */
export function randomOf(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
