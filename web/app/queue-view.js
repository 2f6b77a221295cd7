/** @import { KindRow, ListedDelivery, ListedJob, ListedWorker, QueueServer, QueueState } from "./queue-server.js" */
/** @import { Column } from "./queue-table.js" */
import { byId } from "./page.js";
import { Table } from "./queue-table.js";
import {
  deliveryOf,
  headingOf,
  leasesOf,
  percentOf,
  retriedOf,
  shortOf,
  sinceOf,
  summaryOf,
  takesOf,
  titleOf,
  totalsOf,
  untilOf,
  usualOf,
  workerOf,
} from "./queue-words.js";

/**
 * Makes a call and tells how it ended.
 *
 * @typedef {<Answer>(call: () => Promise<Answer>, done: (answer: Answer) => string) => Promise<void>} Act
 */

/** @type {Column<ListedJob>[]} */
const WHICH = [
  { text: ({ id }) => shortOf(id), title: ({ id }) => id, style: "code" },
  { text: ({ kind, provider }) => (provider === null ? kind : `${kind}, ${provider}`) },
  { text: ({ owner }) => owner },
  { text: ({ attempt }) => String(attempt), style: "number" },
];

/** The tables of the page. It knows nothing of polling, and calls `act` where somebody presses a button. */
export class QueueView {
  #summary = byId("summary", HTMLElement);
  #retryAll = byId("retry-all", HTMLButtonElement);
  /** @type {QueueState} */
  #state = { kinds: [], delayed: 0, running: [], waiting: [], failed: [], workers: [], providers: [], webhooks: [] };
  #now = 0;
  #tables;

  /**
   * @param {QueueServer} server
   * @param {Act} act
   */
  constructor(server, act) {
    this.#tables = this.#plan(server, act);
    this.#retryAll.onclick = () => void act(() => server.retryAll(), retriedOf);
  }

  /**
   * @param {QueueState} state
   * @param {number} now  the server's clock, in ms
   */
  show(state, now) {
    this.#state = state;
    this.#now = now;
    const { kinds, running, waiting, failed } = this.#tables;
    const totals = totalsOf(state.kinds);
    document.title = titleOf(state);
    const summary = summaryOf(state);
    if (this.#summary.textContent !== summary) this.#summary.textContent = summary;
    kinds.show(state.kinds);
    running.heading = headingOf("Running", totals.running, state.running.length);
    running.show(state.running);
    waiting.heading = headingOf("Waiting", totals.waiting, state.waiting.length);
    waiting.show(state.waiting);
    failed.heading = headingOf("Failed", totals.failed, state.failed.length);
    failed.show(state.failed);
    this.#tables.workers.show(state.workers);
    this.#tables.webhooks.show(state.webhooks);
    if (totals.failed === 0 && this.#retryAll.matches(":focus")) byId("failed-title", HTMLElement).focus();
    this.#retryAll.hidden = totals.failed === 0;
  }

  /** @param {string | null} provider */
  #paused(provider) {
    return this.#state.providers.some(({ name, paused }) => name === provider && paused);
  }

  /**
   * @param {QueueServer} server
   * @param {Act} act
   */
  #plan(server, act) {
    const cancel = {
      label: () => "Cancel",
      about: (/** @type {ListedJob} */ { kind, id }) => `${kind} ${shortOf(id)}`,
      run: (/** @type {ListedJob} */ { id }) => act(() => server.cancel(id), () => `Job ${shortOf(id)} is canceled.`),
    };
    const since = (/** @type {string | null} */ time) => sinceOf(time, this.#now);
    const until = (/** @type {string | null} */ time) => untilOf(time, this.#now);
    return {
      /** @type {Table<KindRow>} */
      kinds: new Table(byId("kinds", HTMLTableElement), {
        key: ({ kind, provider }) => `${kind} ${provider ?? ""}`,
        columns: [
          { text: ({ kind }) => kind },
          { text: ({ provider }) => `${provider ?? ""}${this.#paused(provider) ? ", paused" : ""}` },
          { text: ({ waiting }) => String(waiting), style: "number" },
          { text: ({ running }) => String(running), style: "number" },
          { text: ({ failed }) => String(failed), style: "number" },
          { text: ({ waits_since }) => since(waits_since) },
          { text: usualOf },
        ],
        actions: [
          {
            label: ({ provider }) => (provider === null ? null : this.#paused(provider) ? "Resume" : "Pause"),
            about: ({ provider }) => provider ?? "",
            run: ({ provider }) => {
              const paused = !this.#paused(provider);
              return act(() => server.pause(provider ?? "", paused), () => `${provider} is ${paused ? "paused" : "resumed"}.`);
            },
          },
        ],
        alert: ({ provider }) => this.#paused(provider),
      }),
      /** @type {Table<ListedJob>} */
      running: new Table(byId("running", HTMLTableElement), {
        key: ({ id }) => id,
        columns: [
          ...WHICH,
          { text: ({ started_at }) => since(started_at) },
          {
            text: ({ progress, stage }) => [percentOf(progress), stage].filter(Boolean).join(", "),
            bar: ({ progress }) => progress,
            style: "words",
          },
          { text: ({ worker }) => workerOf(this.#state, worker) },
          { text: ({ lease_until }) => until(lease_until) },
        ],
        actions: [cancel],
      }),
      /** @type {Table<ListedJob>} */
      waiting: new Table(byId("waiting", HTMLTableElement), {
        key: ({ id }) => id,
        columns: [
          ...WHICH,
          { text: ({ queued_at }) => since(queued_at) },
          { text: ({ queue_position }) => String(queue_position ?? ""), style: "number" },
          { text: ({ stage }) => stage ?? "", style: "words" },
        ],
        actions: [cancel],
      }),
      /** @type {Table<ListedJob>} */
      failed: new Table(byId("failed", HTMLTableElement), {
        key: ({ id }) => id,
        columns: [
          ...WHICH,
          { text: ({ finished_at }) => since(finished_at) },
          { text: ({ error }) => (error === null ? "" : `${error.code}: ${error.message}`), style: "words" },
        ],
        actions: [
          {
            label: () => "Retry",
            about: ({ kind, id }) => `${kind} ${shortOf(id)}`,
            run: ({ id }) => act(() => server.retry(id), () => `Job ${shortOf(id)} is tried again.`),
          },
        ],
      }),
      /** @type {Table<ListedWorker>} */
      workers: new Table(byId("workers", HTMLTableElement), {
        key: ({ name }) => name,
        columns: [
          { text: ({ host }) => host, title: ({ name }) => name },
          { text: ({ pid }) => String(pid), style: "number" },
          { text: ({ started_at }) => since(started_at) },
          { text: ({ running }) => String(running), style: "number" },
          { text: takesOf },
          { text: (worker) => leasesOf(worker, this.#now), style: "words" },
        ],
      }),
      /** @type {Table<ListedDelivery>} */
      webhooks: new Table(byId("webhooks", HTMLTableElement), {
        key: ({ id }) => id,
        columns: [
          { text: ({ job }) => shortOf(job), title: ({ job }) => job, style: "code" },
          { text: ({ owner }) => owner },
          { text: ({ host }) => host },
          { text: ({ state }) => deliveryOf(state) },
          { text: ({ attempts }) => String(attempts), style: "number" },
          { text: ({ status, error }) => error ?? (status === null ? "" : String(status)), style: "words" },
          { text: ({ state, next_try }) => (state === "waiting" ? until(next_try) : "") },
        ],
        actions: [
          {
            label: () => "Send again",
            about: ({ job }) => `webhook of ${shortOf(job)}`,
            run: ({ id, job }) => act(() => server.again(id), () => `The webhook of ${shortOf(job)} is sent again.`),
          },
        ],
        alert: ({ state }) => state === "given_up",
      }),
    };
  }
}
