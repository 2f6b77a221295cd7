/** @import { Client } from "../../client/types.js" */
/** @import { Words } from "../words.js" */
/** @import { Task } from "./task.js" */
import { LimnerError } from "../../client/index.js";

/** The step is not possible any more: the job ended, or was stopped elsewhere. Its state is on its way here. */
const CONFLICT = 409;

/** What a person asks of the server with a button: once at a time for each task, with the refusal kept where there is one. */
export class Orders {
  /** @type {Set<string>} */
  #waiting = new Set();
  #client;
  #changed;

  /**
   * @param {() => Client} client
   * @param {() => void} changed
   */
  constructor(client, changed) {
    this.#client = client;
    this.#changed = changed;
  }

  /**
   * Whether an answer is awaited for this task.
   *
   * @param {string} id
   */
  awaits(id) {
    return this.#waiting.has(id);
  }

  /**
   * @param {Task} task
   * @param {"cancel" | "retry"} step
   */
  async give(task, step) {
    if (this.#waiting.has(task.id)) return;
    this.#waiting.add(task.id);
    task.refusal = null;
    this.#changed();
    try {
      await this.#client()[step](task.id);
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      if (error.status !== CONFLICT) task.refusal = error.message;
    } finally {
      this.#waiting.delete(task.id);
      this.#changed();
    }
  }

  /**
   * Tries several again. Answers with what there is to say of it, or null.
   *
   * @param {string[]} ids
   * @param {Words} words
   */
  async retryAll(ids, words) {
    try {
      const { left } = await this.#client().retryAll(ids);
      return left.length === 0 ? null : `${words.notRetried(left.length)}. ${left[0]?.reason ?? ""}`;
    } catch (error) {
      if (!(error instanceof LimnerError)) throw error;
      return error.message;
    }
  }
}
