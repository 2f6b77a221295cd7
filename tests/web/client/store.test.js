import assert from "node:assert/strict";
import test from "node:test";

import { Store } from "../../../web/client/store.js";
import { settled } from "./support/clock.js";

test("a snapshot is the same object until it changes", () => {
  const first = { n: 1 };
  const store = new Store(first);
  assert.equal(store.snapshot(), first);
  const second = { n: 1 };
  store.set(second);
  assert.equal(store.snapshot(), second);
});

test("listeners hear of changes with the new value, not of the value there is", () => {
  const store = new Store(1);
  /** @type {number[]} */
  const heard = [];
  store.subscribe((value) => heard.push(value));
  store.set(1);
  store.set(2);
  assert.deepEqual(heard, [2]);
});

test("the first subscriber and the end of the last one are told, once each", () => {
  /** @type {string[]} */
  const told = [];
  const store = new Store(1, { onFirst: () => told.push("first"), onLast: () => told.push("last") });
  const listener = () => {};
  const [leaveOne, leaveOther] = [store.subscribe(listener), store.subscribe(listener)];
  leaveOne();
  leaveOne();
  assert.deepEqual(told, ["first"]);
  leaveOther();
  assert.deepEqual(told, ["first", "last"]);
});

test("who leaves while news is handed round hears no more", () => {
  const store = new Store(1);
  /** @type {string[]} */
  const heard = [];
  store.subscribe(() => leave());
  const leave = store.subscribe(() => heard.push("left one"));
  store.subscribe(() => heard.push("other"));
  store.set(2);
  assert.deepEqual(heard, ["other"]);
});

test("a listener that throws keeps the news from nobody, and its error is not hidden", (t) => {
  const later = t.mock.method(globalThis, "queueMicrotask", () => {});
  const store = new Store(1);
  /** @type {number[]} */
  const heard = [];
  store.subscribe(() => {
    throw new Error("mine");
  });
  store.subscribe((value) => heard.push(value));
  store.set(2);
  assert.deepEqual(heard, [2]);
  const [call] = later.mock.calls;
  assert.ok(call?.arguments[0]);
  assert.throws(call.arguments[0], { message: "mine" });
});

test("subscribe and snapshot work without their object", () => {
  const { subscribe, snapshot } = new Store(1);
  subscribe(() => {})();
  assert.equal(snapshot(), 1);
});

test("for await gives the value of now, then the newest, and ends with the store", async () => {
  let left = 0;
  const store = new Store(1, { onLast: () => (left += 1) });
  /** @type {number[]} */
  const seen = [];
  const reading = (async () => {
    for await (const value of store) seen.push(value);
  })();
  await settled();
  store.set(2);
  store.set(3);
  await settled();
  store.end();
  await reading;
  assert.deepEqual(seen, [1, 3]);
  assert.equal(left, 1);
});

test("leaving a for await ends its subscription", async () => {
  let left = 0;
  const store = new Store(1, { onLast: () => (left += 1) });
  for await (const value of store) if (value === 1) break;
  assert.equal(left, 1);
});
