import assert from "node:assert/strict";
import test from "node:test";

import { Http } from "../../../web/client/http.js";
import { BATCH, HIDDEN_MS, HOPE_MS, INTERVAL_MS, PollingTransport, REST_MS } from "../../../web/client/polling.js";
import { ManualClock } from "./support/clock.js";
import { FakeHttp, json, noAnswer, noNetwork } from "./support/fake-http.js";
import { Listener } from "./support/listener.js";
import { A, B, idOf, job } from "./support/records.js";
import { vectors } from "./support/vectors.js";

/** @import { Handler } from "./support/fake-http.js" */
/** @import { Job } from "../../../web/client/types.js" */

/** @param {Handler} handler */
function connect(handler) {
  const clock = new ManualClock();
  const server = new FakeHttp(handler);
  const page = { hidden: false };
  const http = new Http({ base: "https://limner.test/", headers: {}, fetch: server.fetch, clock });
  const transport = new PollingTransport({ http, clock, isHidden: () => page.hidden });
  const listener = new Listener();
  transport.open(listener);
  return { clock, server, page, transport, listener };
}

/** @param {Job[]} jobs */
const answer =
  (...jobs) =>
  () =>
    json({ jobs, unknown: [] });

/** @param {string | undefined} url */
const idsOf = (url) => new URL(url ?? "").searchParams.getAll("id");

test("it is open at once and asks for nothing before it is told what for", async () => {
  const { clock, server, listener } = connect(answer());
  await clock.advance(60_000);
  assert.deepEqual([listener.opened, server.calls.length], [1, 0]);
});

test("a subscription is answered with the record, then with `subscribed`", async () => {
  const { clock, server, transport, listener } = connect(answer(job(A, 7)));
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(0);
  assert.equal(server.calls[0]?.url, `https://limner.test/jobs?id=${A}`);
  assert.deepEqual(listener.messages, [
    { type: "job", job: job(A, 7) },
    { type: "subscribed", jobs: [A] },
  ]);
});

test("a record of the version that is known already is not told", async () => {
  const { clock, transport, listener } = connect(answer(job(A, 7)));
  transport.send({ type: "subscribe", jobs: { [A]: 7 } });
  await clock.advance(0);
  assert.deepEqual(listener.messages, [{ type: "subscribed", jobs: [A] }]);
});

test("it asks every three seconds, and each change is told once", async () => {
  const { clock, server, transport, listener } = connect(answer(job(A, 7)));
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(2 * INTERVAL_MS);
  assert.equal(server.calls.length, 3);
  assert.equal(listener.take().filter(({ type }) => type === "job").length, 1);
  server.handler = answer(job(A, 8));
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(listener.take(), [{ type: "job", job: job(A, 8) }, { type: "ping" }]);
});

test("Retry-After is the interval where there is one", async () => {
  const { clock, server, transport } = connect(() =>
    json({ jobs: [job(A, 7)], unknown: [] }, { headers: { "Retry-After": "8" } }),
  );
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(7_999);
  assert.equal(server.calls.length, 1);
  await clock.advance(1);
  assert.equal(server.calls.length, 2);
});

test("the ETag is sent back, and 304 means that nothing changed", async () => {
  const { clock, server, transport, listener } = connect(() =>
    json({ jobs: [job(A, 7)], unknown: [] }, { headers: { ETag: '"x"' } }),
  );
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(0);
  listener.take();
  server.handler = () => new Response(null, { status: 304 });
  await clock.advance(INTERVAL_MS);
  assert.equal(server.calls[0]?.headers.get("If-None-Match"), null);
  assert.equal(server.calls[1]?.headers.get("If-None-Match"), '"x"');
  assert.deepEqual(listener.take(), [{ type: "ping" }]);
});

test("after another subscription the whole answer is asked for again", async () => {
  const { clock, server, transport } = connect(() =>
    json({ jobs: [job(A, 7)], unknown: [] }, { headers: { ETag: '"x"' } }),
  );
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(0);
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(0);
  assert.equal(server.calls[1]?.headers.get("If-None-Match"), null);
});

test("a hundred jobs are asked for in one request, more in several", async () => {
  const { clock, server, transport } = connect(answer());
  const ids = Array.from({ length: 250 }, (_, index) => idOf(index));
  transport.send({ type: "subscribe", jobs: Object.fromEntries(ids.map((id) => [id, 0])) });
  await clock.advance(0);
  assert.deepEqual(
    server.calls.map(({ url }) => idsOf(url).length),
    [BATCH, BATCH, 50],
  );
});

test("jobs that were subscribed at different times are asked for together", async () => {
  const { clock, server, transport } = connect(answer(job(A, 7), job(B, 7)));
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(1_000);
  transport.send({ type: "subscribe", jobs: { [B]: 0 } });
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(
    server.calls.map(({ url }) => idsOf(url)),
    [[A], [A, B], [A, B]],
  );
});

test("a final job is asked for every half minute only", async () => {
  const { clock, server, transport, listener } = connect(answer(job(A, 7, { status: "failed" })));
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(REST_MS - 1);
  assert.equal(server.calls.length, 1);
  server.handler = answer(job(A, 8, { status: "queued" }));
  await clock.advance(1);
  assert.ok(listener.messages.some((message) => message.type === "job" && message.job.version === 8));
  await clock.advance(INTERVAL_MS);
  assert.equal(server.calls.length, 3);
});

test("unknown and expired jobs are told, once each", async () => {
  const [{ answer: body } = { answer: {} }] = vectors.polls;
  const { clock, transport, listener } = connect(() => json(body));
  const [known, unknown, expired] = [A, B, "7d9f1c8a-2e3b-4a5c-8d6e-0f1a2b3c4d5e"];
  transport.send({ type: "subscribe", jobs: { [known]: 0, [unknown]: 5, [expired]: 0 } });
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(
    listener.messages.filter(({ type }) => type === "unknown"),
    [
      { type: "unknown", job: unknown, expired: false },
      { type: "unknown", job: expired, expired: true },
    ],
  );
});

test("an unknown job is asked for often in its first minute, since it may be about to appear", async () => {
  const { clock, server, transport, listener } = connect(() => json({ jobs: [], unknown: [A] }));
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(HOPE_MS);
  const often = server.calls.length;
  assert.equal(often, HOPE_MS / INTERVAL_MS + 1);
  await clock.advance(REST_MS - 1);
  assert.equal(server.calls.length, often);
  server.handler = answer(job(A, 3));
  await clock.advance(1);
  assert.ok(listener.messages.some(({ type }) => type === "job"));
});

test("in a page nobody looks at it asks every fifteen seconds, and at once on a ping", async () => {
  const { clock, server, page, transport } = connect(answer(job(A, 7)));
  page.hidden = true;
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(HIDDEN_MS - 1);
  assert.equal(server.calls.length, 1);
  transport.send({ type: "ping" });
  await clock.advance(0);
  assert.equal(server.calls.length, 2);
});

test("what nobody watches any more is not asked for", async () => {
  const { clock, server, transport } = connect(answer(job(A, 7)));
  transport.send({ type: "subscribe", jobs: { [A]: 0, [B]: 0 } });
  await clock.advance(0);
  transport.send({ type: "unsubscribe", jobs: [A] });
  await clock.advance(INTERVAL_MS);
  assert.deepEqual(idsOf(server.calls[1]?.url), [B]);
  transport.send({ type: "unsubscribe", jobs: [B] });
  await clock.advance(60_000);
  assert.equal(server.calls.length, 2);
});

test("an answer that was on its way when the job was subscribed anew belongs to the old subscription", async () => {
  /** @type {(response: Response) => void} */
  let release = () => {};
  const { clock, server, transport, listener } = connect(() => new Promise((resolve) => (release = resolve)));
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(0);
  transport.send({ type: "subscribe", jobs: { [A]: 9 } });
  server.handler = answer(job(A, 9));
  release(json({ jobs: [job(A, 8, { status: "failed" })], unknown: [] }));
  await clock.advance(0);
  assert.equal(listener.messages.filter(({ type }) => type === "job").length, 0);
  assert.equal(server.calls.length, 2);
});

for (const status of [429, 503]) {
  test(`${status} is no end: it waits as long as it is told`, async () => {
    const { clock, server, transport, listener } = connect(() =>
      json({}, { status, headers: { "Retry-After": "10" } }),
    );
    transport.send({ type: "subscribe", jobs: { [A]: 0 } });
    await clock.advance(9_999);
    assert.deepEqual(
      listener.take().map((message) => message.type === "error" && message.code),
      ["unavailable"],
    );
    server.handler = answer(job(A, 7));
    await clock.advance(1);
    assert.deepEqual([listener.messages[0]?.type, listener.closes], ["job", []]);
  });
}

/** @type {[string, Handler][]} */
const ENDS = [
  ["no network", noNetwork],
  ["a gateway's error", () => new Response("Bad Gateway", { status: 502 })],
  ["a server without that path", () => new Response(null, { status: 404 })],
  ["the sign-in page of a hotel", () => new Response("<html>Welcome</html>")],
];
for (const [name, handler] of ENDS) {
  test(`${name} ends it, once`, async () => {
    const { clock, server, transport, listener } = connect(handler);
    transport.send({ type: "subscribe", jobs: { [A]: 0 } });
    await clock.advance(60_000);
    assert.deepEqual([listener.closes, server.calls.length], [[1006], 1]);
  });
}

test("a request that is never answered ends it", async () => {
  const { clock, transport, listener } = connect(noAnswer);
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(29_999);
  assert.deepEqual(listener.closes, []);
  await clock.advance(1);
  assert.deepEqual(listener.closes, [1006]);
});

test("closing it stops everything, without a word", async () => {
  const { clock, server, transport, listener } = connect(noAnswer);
  transport.send({ type: "subscribe", jobs: { [A]: 0 } });
  await clock.advance(0);
  transport.close();
  await clock.advance(60_000);
  assert.deepEqual([listener.messages, listener.closes, server.calls.length, clock.pending], [[], [], 1, 0]);
});
