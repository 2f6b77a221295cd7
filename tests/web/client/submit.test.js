import assert from "node:assert/strict";
import test from "node:test";

import { Http } from "../../../web/client/http.js";
import { parseJobId } from "../../../web/client/ids.js";
import { MEMORY_MS, RESUBMISSIONS, Submitter } from "../../../web/client/submit.js";
import { ManualClock, settled } from "./support/clock.js";
import { FakeHttp, json, noAnswer, noNetwork } from "./support/fake-http.js";
import { A, B, job } from "./support/records.js";

/** @import { Handler } from "./support/fake-http.js" */

const { signal } = new AbortController();

/** @type {Handler} */
const accept = ({ body }) =>
  json(job(String(/** @type {{id: string}} */ (body).id), 5, { status: "queued" }), { status: 202 });

/**
 * @param {number} status
 * @param {Record<string, string>} [headers]
 * @returns {Handler}
 */
const refuse =
  (status, headers = {}) =>
  () =>
    json({ title: "No", status }, { status, headers });

/** @param {...Handler} handlers */
function connect(...handlers) {
  const clock = new ManualClock();
  const server = new FakeHttp();
  server.answers(...handlers);
  const http = new Http({ base: "https://limner.test", headers: {}, fetch: server.fetch, clock });
  return { clock, server, submitter: new Submitter({ http, clock, random: () => 0.5 }) };
}

test("each kind has its path, and each submission an id of its own", async () => {
  const { server, submitter } = connect(accept);
  const characters = await submitter.submit("characters", { count: 3 }, signal);
  const portrait = await submitter.submit("portrait", { description: "a dwarf" }, signal);
  assert.deepEqual(
    server.calls.map(({ method, url }) => `${method} ${url}`),
    ["POST https://limner.test/characters", "POST https://limner.test/portraits"],
  );
  assert.deepEqual(
    server.calls.map(({ body }) => body),
    [
      { id: characters.id, count: 3 },
      { id: portrait.id, description: "a dwarf" },
    ],
  );
  assert.ok(parseJobId(characters.id) && parseJobId(portrait.id) && characters.id !== portrait.id);
});

test("an id that is given is used, and the input is left alone", async () => {
  const { server, submitter } = connect(accept);
  const input = Object.freeze({ id: A, count: 1 });
  assert.equal((await submitter.submit("characters", input, signal)).id, A);
  assert.deepEqual(server.calls[0]?.body, input);
});

test("a kind there is not is a mistake of the caller", async () => {
  await assert.rejects(connect(accept).submitter.submit("statue", {}, signal), TypeError);
});

test("200 is as good as 202", async () => {
  const { submitter } = connect(() => json(job(A, 9)));
  assert.equal((await submitter.submit("portrait", { id: A }, signal)).version, 9);
});

test("the same POST with the same id is repeated until it is answered", async () => {
  const { clock, server, submitter } = connect(noNetwork, refuse(503), refuse(429), refuse(502), noAnswer, accept);
  const submitted = submitter.submit("characters", { count: 3 }, signal);
  await clock.advance(60_000);
  const { id } = await submitted;
  assert.equal(server.calls.length, 6);
  for (const { body } of server.calls) assert.deepEqual(body, { id, count: 3 });
});

test("between repetitions it waits with full jitter", async () => {
  const { clock, server, submitter } = connect(noNetwork);
  submitter.submit("characters", {}, AbortSignal.timeout(1_000_000)).catch(() => {});
  const counts = [];
  for (const ms of [249, 1, 499, 1, 999, 1]) {
    await clock.advance(ms);
    counts.push(server.calls.length);
  }
  assert.deepEqual(counts, [1, 2, 2, 3, 3, 4]);
});

test("it does not come back before Retry-After", async () => {
  const { clock, server, submitter } = connect(refuse(503, { "Retry-After": "7" }), accept);
  const submitted = submitter.submit("characters", {}, signal);
  await clock.advance(7_249);
  assert.equal(server.calls.length, 1);
  await clock.advance(1);
  await submitted;
});

test("who is asked to wait for long is told so, and not kept waiting", async () => {
  const { server, submitter } = connect(refuse(429, { "Retry-After": "61" }));
  await assert.rejects(submitter.submit("characters", {}, signal), { name: "LimnerError", retryAfterMs: 61_000 });
  assert.equal(server.calls.length, 1);
});

for (const status of [400, 403, 409, 413, 415, 422, 500]) {
  test(`${status} is an answer: the error is thrown, nothing is repeated`, async () => {
    const { server, submitter } = connect(refuse(status));
    await assert.rejects(submitter.submit("characters", {}, signal), { name: "LimnerError", status, title: "No" });
    assert.equal(server.calls.length, 1);
  });
}

test("an answer that is no job is an error", async () => {
  const { submitter } = connect(() => json({ hello: "world" }));
  await assert.rejects(submitter.submit("characters", {}, signal), { name: "LimnerError", status: 200 });
});

test("the signal ends the repetitions", async () => {
  const { clock, server, submitter } = connect(noNetwork);
  const controller = new AbortController();
  const submitted = submitter.submit("characters", {}, controller.signal);
  await settled();
  controller.abort(new Error("enough"));
  await assert.rejects(submitted, { message: "enough" });
  await clock.advance(60_000);
  assert.deepEqual([server.calls.length, clock.pending], [1, 0]);
});

test("a job that is unknown within a minute of its acceptance is submitted again, with the same id and input", async () => {
  const { clock, server, submitter } = connect(accept);
  const { id } = await submitter.submit("characters", { count: 3 }, signal);
  await clock.advance(MEMORY_MS);
  assert.equal((await submitter.resubmit(id, signal))?.id, id);
  assert.deepEqual(server.calls[1]?.body, server.calls[0]?.body);
});

test("after that minute it is not", async () => {
  const { clock, submitter } = connect(accept);
  const { id } = await submitter.submit("characters", {}, signal);
  await clock.advance(MEMORY_MS + 1);
  assert.equal(submitter.resubmit(id, signal), null);
});

test("a job that is lost again and again is submitted a few times only", async () => {
  const { submitter } = connect(accept);
  const { id } = await submitter.submit("characters", {}, signal);
  for (let count = 0; count < RESUBMISSIONS; count += 1) assert.ok(await submitter.resubmit(id, signal));
  assert.equal(submitter.resubmit(id, signal), null);
});

test("a job that is still on its way is not submitted twice", async () => {
  const { clock, server, submitter } = connect(noNetwork, accept);
  const submitted = submitter.submit("characters", { id: A }, signal);
  const again = submitter.resubmit(A, signal);
  await clock.advance(1_000);
  assert.equal(await again, await submitted);
  assert.equal(server.calls.length, 2);
});

test("what others submitted, or what is to be forgotten, is not submitted", async () => {
  const { submitter } = connect(accept);
  assert.equal(submitter.resubmit(B, signal), null);
  await submitter.submit("characters", { id: A }, signal);
  submitter.forget(A);
  assert.equal(submitter.resubmit(A, signal), null);
});

test("where the server had an active job for the same subject, that one is the answer, and is not ours to repeat", async () => {
  const { submitter } = connect(() => json(job(B, 9)));
  assert.equal((await submitter.submit("portrait", { id: A, subject: "mira" }, signal)).id, B);
  assert.equal(submitter.resubmit(A, signal), null);
  assert.equal(submitter.resubmit(B, signal), null);
});
