/** @import { Clock, ConnectionState, JobState, Transport } from "./types.js" */
/** @import { Effect, Input, MachineState, TimerName, TransportName } from "./turn.js" */

import { connectionOf, initialState, step } from "./machine.js";
import { Store } from "./store.js";

/**
 * Runs the machine: owns the transports and the timers, and does what the machine asks for.
 */
export class Driver {
  /** @type {MachineState} */
  #state = initialState();
  /** @type {Input[]} */
  #inbox = [];
  #busy = false;
  /** @type {Map<number, Transport>} */
  #transports = new Map();
  /** @type {Map<TimerName, unknown>} */
  #timers = new Map();
  #options;

  /**
   * @param {{
   *   clock: Clock,
   *   random: () => number,
   *   transports: Record<TransportName, () => Transport>,
   *   deliver: (state: JobState) => void,
   * }} options
   */
  constructor(options) {
    this.#options = options;
    /** @type {Store<ConnectionState>} */
    this.connection = new Store(connectionOf(this.#state));
  }

  /**
   * Takes what happened. What happens meanwhile, in a listener for instance, waits for its turn.
   *
   * @param {Input} input
   */
  dispatch(input) {
    this.#inbox.push(input);
    if (this.#busy) return;
    this.#busy = true;
    try {
      for (let next = this.#inbox.shift(); next; next = this.#inbox.shift()) this.#take(next);
    } finally {
      this.#busy = false;
    }
  }

  /** @param {Input} input */
  #take(input) {
    const { clock, random } = this.#options;
    const { state, effects } = step(this.#state, input, { now: clock.now(), random: random() });
    this.#state = state;
    for (const effect of effects) this.#perform(effect);
    this.#tellConnection();
  }

  /** @param {Effect} effect */
  #perform(effect) {
    switch (effect.type) {
      case "open":
        return this.#open(effect.transport, effect.link);
      case "send":
        return this.#transports.get(effect.link)?.send(effect.message);
      case "drop":
        return this.#drop(effect.link);
      case "schedule":
        return this.#schedule(effect.timer, effect.after);
      case "unschedule":
        return this.#unschedule(effect.timer);
      case "deliver":
        return this.#options.deliver(effect.state);
    }
  }

  /**
   * @param {TransportName} name
   * @param {number} link
   */
  #open(name, link) {
    const transport = this.#options.transports[name]();
    this.#transports.set(link, transport);
    transport.open({
      onOpen: () => this.dispatch({ type: "opened", link }),
      onMessage: (message) => this.dispatch({ type: "message", link, message }),
      onClose: (code) => this.dispatch({ type: "closed", link, code }),
    });
  }

  /** @param {number} link */
  #drop(link) {
    this.#transports.get(link)?.close();
    this.#transports.delete(link);
  }

  /**
   * @param {TimerName} timer
   * @param {number} after
   */
  #schedule(timer, after) {
    this.#unschedule(timer);
    const elapsed = () => {
      this.#timers.delete(timer);
      this.dispatch({ type: "timer", timer });
    };
    this.#timers.set(timer, this.#options.clock.setTimeout(elapsed, after));
  }

  /** @param {TimerName} timer */
  #unschedule(timer) {
    if (!this.#timers.has(timer)) return;
    this.#options.clock.clearTimeout(this.#timers.get(timer));
    this.#timers.delete(timer);
  }

  #tellConnection() {
    const { phase, transport, lostAt } = this.connection.snapshot();
    const next = connectionOf(this.#state);
    if (next.phase !== phase || next.transport !== transport || next.lostAt !== lostAt) this.connection.set(next);
  }
}
