import assert from "node:assert/strict";
import test from "node:test";

import { JobStores, LINGER_MS } from "../../../web/client/job-stores.js";
import { known, missing } from "../../../web/client/records.js";
import { ManualClock } from "./support/clock.js";
import { A, job } from "./support/records.js";

const nothing = () => {};

function connect() {
  const clock = new ManualClock();
  /** @type {string[]} */
  const asked = [];
  const stores = new JobStores({
    clock,
    watch: ({ id, job }) => asked.push(`watch ${id === A ? "A" : id} from ${job?.version ?? 0}`),
    unwatch: (id) => asked.push(`unwatch ${id === A ? "A" : id}`),
  });
  return { clock, stores, asked };
}

test("the same id gives the same store", () => {
  const { stores } = connect();
  assert.equal(stores.get(A), stores.get(A));
  assert.deepEqual(stores.get(A).snapshot(), { id: A, phase: "loading", job: null });
  assert.equal(stores.get(A).id, A);
});

test("watching starts with the first subscriber and ends two seconds after the last", async () => {
  const { clock, stores, asked } = connect();
  const store = stores.get(A);
  assert.deepEqual(asked, []);
  const leave = [store.subscribe(nothing), store.subscribe(nothing)];
  assert.deepEqual(asked.splice(0), ["watch A from 0"]);
  for (const unsubscribe of leave) unsubscribe();
  await clock.advance(LINGER_MS - 1);
  assert.deepEqual(asked, []);
  await clock.advance(1);
  assert.deepEqual(asked, ["unwatch A"]);
});

test("who comes back within these seconds finds the job still watched", async () => {
  const { clock, stores, asked } = connect();
  const store = stores.get(A);
  store.subscribe(nothing)();
  await clock.advance(LINGER_MS - 1);
  store.subscribe(nothing);
  await clock.advance(60_000);
  assert.deepEqual(asked, ["watch A from 0"]);
});

test("who comes back later goes on from what was seen", async () => {
  const { clock, stores, asked } = connect();
  const store = stores.get(A);
  const leave = store.subscribe(nothing);
  stores.set(known(job(A, 7)));
  leave();
  await clock.advance(LINGER_MS);
  store.subscribe(nothing);
  assert.deepEqual(asked, ["watch A from 0", "unwatch A", "watch A from 7"]);
});

test("a state from elsewhere is taken where nobody watches, if it is newer", () => {
  const { stores } = connect();
  stores.offer(known(job(A, 7)));
  stores.offer(known(job(A, 6)));
  assert.equal(stores.get(A).snapshot().job?.version, 7);
});

test("where somebody watches, a state from elsewhere is not taken here", () => {
  const { stores } = connect();
  const store = stores.get(A);
  store.subscribe(nothing);
  stores.offer(known(job(A, 7)));
  assert.equal(store.snapshot().phase, "loading");
});

test("what is no id is unknown, and never asked for", () => {
  const { stores, asked } = connect();
  const store = stores.get("hello");
  store.subscribe(nothing);
  assert.deepEqual(store.snapshot(), missing("hello", false));
  assert.equal(stores.get("hello"), store);
  assert.deepEqual(asked, []);
});

test("closing ends the readers and asks for nothing more", async () => {
  const { clock, stores, asked } = connect();
  const store = stores.get(A);
  const leave = store.subscribe(nothing);
  /** @type {string[]} */
  const seen = [];
  const reading = (async () => {
    for await (const { phase } of store) seen.push(phase);
  })();
  stores.close();
  await reading;
  leave();
  stores.get(A).subscribe(nothing);
  await clock.advance(60_000);
  assert.deepEqual([seen, asked, clock.pending], [["loading"], ["watch A from 0"], 0]);
});
