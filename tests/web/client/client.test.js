import assert from "node:assert/strict";
import test from "node:test";

import { createClient } from "../../../web/client/index.js";
import { ManualClock, settled } from "./support/clock.js";
import { FakeHttp, json, noNetwork } from "./support/fake-http.js";
import { fakeWebSockets } from "./support/fake-websocket.js";
import { A, B, job } from "./support/records.js";

/** @import { ClientOptions } from "../../../web/client/client.js" */
/** @import { Handler } from "./support/fake-http.js" */

const HELLO = /** @type {const} */ ({ type: "hello", ping_interval_ms: 25_000, retry_window_ms: 5_000, max_jobs: 256 });

/** @type {Handler} */
const accept = ({ body }) =>
  json(job(String(/** @type {{id: string}} */ (body).id), 5, { status: "queued" }), { status: 202 });

const nothing = () => {};

/**
 * A client whose surroundings are all in the test's hands.
 *
 * @param {ClientOptions & {blocked?: boolean}} [options]
 */
function connect({ blocked = false, ...options } = {}) {
  const clock = new ManualClock();
  const server = new FakeHttp(accept);
  const window = Object.assign(new EventTarget(), { document: { hidden: false } });
  const network = { blocked };
  const { WebSocket, made } = fakeWebSockets(network);
  const client = createClient({
    url: "https://limner.test/",
    fetch: server.fetch,
    WebSocket,
    clock,
    random: () => 0.5,
    window,
    ...options,
  });
  /** The newest socket, open and greeted. */
  const greet = () => {
    const socket = made.at(-1);
    assert.ok(socket);
    socket.accept();
    socket.say(HELLO);
    return socket;
  };
  return { client, clock, server, window, network, made, greet };
}

test("outside of a page the server's address is needed", () => {
  assert.throws(() => createClient(), /createClient\(\{ url \}\)/);
});

test("nothing is connected before something is watched", () => {
  const { client, made } = connect();
  const store = client.job(A);
  assert.deepEqual([store.snapshot().phase, client.connection.snapshot().phase, made.length], ["loading", "idle", 0]);
});

test("a job that is watched arrives, and every change of it", () => {
  const { client, made, greet } = connect();
  /** @type {(number | undefined)[]} */
  const versions = [];
  client.job(A).subscribe((state) => versions.push(state.job?.version));
  const socket = greet();
  assert.equal(made[0]?.url, "wss://limner.test/ws");
  socket.say({ type: "job", job: job(A, 7) });
  socket.say({ type: "job", job: job(A, 8) });
  assert.deepEqual(versions, [7, 8]);
  assert.equal(client.job(A).snapshot(), client.job(A.toUpperCase()).snapshot());
});

test("for await follows a job to its end", async () => {
  const { client, greet } = connect();
  /** @type {string[]} */
  const seen = [];
  const following = (async () => {
    for await (const { job } of client.job(A)) {
      seen.push(job?.status ?? "loading");
      if (job?.status === "succeeded") break;
    }
  })();
  await settled();
  const socket = greet();
  for (const [version, status] of /** @type {const} */ ([
    [7, "processing"],
    [8, "succeeded"],
  ])) {
    socket.say({ type: "job", job: job(A, version, { status }) });
    await settled();
  }
  await following;
  assert.deepEqual(seen, ["loading", "processing", "succeeded"]);
});

test("what was submitted is known at once, before any connection", async () => {
  const { client, made } = connect();
  const { id } = await client.submit("characters", { count: 3 });
  assert.equal(client.job(id).snapshot().job?.status, "queued");
  client.job(id).subscribe(nothing);
  assert.equal(made.length, 1);
});

test("where WebSockets are blocked the same arrives by polling", async () => {
  const { client, clock, server } = connect({ blocked: true });
  server.handler = () => json({ jobs: [job(A, 7)], unknown: [] });
  client.job(A).subscribe(nothing);
  await clock.advance(0);
  assert.equal(client.job(A).snapshot().job?.version, 7);
  assert.deepEqual(client.connection.snapshot(), { phase: "open", transport: "polling", lostAt: null });
});

test("where there are no WebSockets at all it polls too", async () => {
  const clock = new ManualClock();
  const server = new FakeHttp(() => json({ jobs: [job(A, 7)], unknown: [] }));
  const client = createClient({ url: "https://limner.test/", fetch: server.fetch, WebSocket: null, clock });
  client.job(A).subscribe(nothing);
  await clock.advance(0);
  assert.equal(client.job(A).snapshot().job?.version, 7);
  client.close();
});

test("the server goes away and comes back: what was missed arrives", async () => {
  const { client, clock, server, network, made, greet } = connect();
  client.job(A).subscribe(nothing);
  greet().say({ type: "job", job: job(A, 7) });
  await clock.advance(10_000);
  server.handler = noNetwork;
  network.blocked = true;
  made[0]?.end(1006);
  const lostAt = clock.now();
  await clock.advance(30_000);
  assert.equal(client.connection.snapshot().lostAt, lostAt);
  server.handler = () => json({ jobs: [job(A, 9, { status: "succeeded" })], unknown: [] });
  network.blocked = false;
  await clock.advance(10_000);
  assert.equal(client.job(A).snapshot().job?.status, "succeeded");
  assert.deepEqual(greet().sent, [{ type: "subscribe", jobs: { [A]: 9 } }]);
  assert.deepEqual(client.connection.snapshot(), { phase: "open", transport: "websocket", lostAt: null });
});

test("cancel, retry and remove call the server; the answers of the first two are shown at once", async () => {
  const { client, server, greet } = connect();
  const store = client.job(A);
  store.subscribe(nothing);
  greet().say({ type: "job", job: job(A, 7) });
  server.answers(
    () => json(job(A, 8, { status: "canceled" })),
    () => json(job(A, 9, { status: "queued" })),
    () => json(job(A, 10, { status: "canceled" })),
  );
  await client.cancel(A);
  assert.equal(store.snapshot().job?.status, "canceled");
  await client.retry(A);
  assert.equal(store.snapshot().job?.status, "queued");
  await client.remove(A);
  assert.equal(store.snapshot().job?.status, "queued");
  assert.deepEqual(
    server.calls.map(({ method, url }) => `${method} ${new URL(url).pathname}`),
    [`POST /jobs/${A}/cancel`, `POST /jobs/${A}/retry`, `DELETE /jobs/${A}`],
  );
});

test("what is unfinished is asked for, and known at once", async () => {
  const { client, server, made } = connect();
  server.handler = () => json({ jobs: [job(B, 8, { status: "queued" }), job(A, 7)] });
  assert.deepEqual(
    (await client.active()).map(({ id }) => id),
    [B, A],
  );
  assert.equal(client.job(A).snapshot().job?.version, 7);
  assert.deepEqual([server.calls[0]?.method, server.calls[0]?.url], ["GET", "https://limner.test/jobs?active=1"]);
  assert.equal(made.length, 0);
});

test("an answer that is no list of jobs is an error", async () => {
  const { client, server } = connect();
  server.handler = () => json({ hello: "world" });
  await assert.rejects(client.active(), { name: "LimnerError", status: 200 });
});

test("all that failed is tried again with one call, which says what was left and why", async () => {
  const { client, server } = connect();
  const answer = { retried: [A], left: [{ id: B, reason: "It would fail again." }] };
  server.handler = () => json(answer);
  assert.deepEqual(await client.retryAll(), answer);
  assert.deepEqual(await client.retryAll([A, B]), answer);
  assert.deepEqual(
    server.calls.map(({ method, url, body }) => [method, new URL(url).pathname, body]),
    [
      ["POST", "/jobs/retry", {}],
      ["POST", "/jobs/retry", { jobs: [A, B] }],
    ],
  );
});

test("an answer that does not say what was tried again is an error", async () => {
  const { client, server } = connect();
  server.handler = () => json({ jobs: [] });
  await assert.rejects(client.retryAll(), { name: "LimnerError", status: 200 });
});

test("what is submitted or tried again here is told to whoever follows it, once it was accepted", async () => {
  const { client, server } = connect();
  /** @type {(readonly string[])[]} */
  const requested = [];
  client.requested.subscribe((ids) => requested.push(ids));
  await client.submit("characters", { id: A, count: 3 });
  server.handler = () => json(job(A, 9, { status: "queued" }));
  await client.retry(A);
  server.handler = () => json({ retried: [A, B], left: [] });
  await client.retryAll();
  server.handler = () => json({ retried: [], left: [] });
  await client.retryAll();
  server.handler = () => json({ title: "No", status: 409 }, { status: 409 });
  await assert.rejects(client.retry(A));
  assert.deepEqual(requested, [[A], [A], [A, B]]);
});

test("a call that is refused throws what the server says", async () => {
  const { client, server } = connect();
  server.handler = () =>
    json({ title: "Not yours", status: 403, detail: "Only its owner may cancel a job." }, { status: 403 });
  await assert.rejects(client.cancel(A), {
    name: "LimnerError",
    status: 403,
    message: "Only its owner may cancel a job.",
  });
});

test("a job that was lost within a minute of its acceptance is submitted again, unseen", async () => {
  const { client, server, greet } = connect();
  const { id } = await client.submit("characters", { count: 3 });
  const store = client.job(id);
  /** @type {string[]} */
  const phases = [];
  store.subscribe(({ phase }) => phases.push(phase));
  const socket = greet();
  server.handler = ({ body }) => json(job(String(/** @type {{id: string}} */ (body).id), 3), { status: 202 });
  socket.say({ type: "unknown", job: id, expired: false });
  await settled();
  assert.deepEqual(
    server.calls.map(({ body }) => body),
    [
      { id, count: 3 },
      { id, count: 3 },
    ],
  );
  assert.deepEqual([phases, store.snapshot().job?.version], [["known"], 3]);
});

test("when submitting it again fails too, the job is shown as unknown", async () => {
  const { client, server, greet } = connect();
  const { id } = await client.submit("characters", { count: 3 });
  client.job(id).subscribe(nothing);
  const socket = greet();
  server.handler = () => json({ title: "No", status: 422 }, { status: 422 });
  socket.say({ type: "unknown", job: id, expired: false });
  await settled();
  assert.equal(client.job(id).snapshot().phase, "unknown");
});

test("a job that was removed, or expired, is not submitted again", async () => {
  const { client, server, greet } = connect();
  for (const id of [A, B]) {
    await client.submit("characters", { id });
    client.job(id).subscribe(nothing);
  }
  const socket = greet();
  server.handler = () => json(job(A, 6));
  await client.remove(A);
  socket.say({ type: "unknown", job: A, expired: false });
  socket.say({ type: "unknown", job: B, expired: true });
  await settled();
  assert.deepEqual([client.job(A).snapshot().phase, client.job(B).snapshot().phase], ["unknown", "expired"]);
  assert.equal(server.calls.length, 3);
});

test("a job that is watched while it is being submitted is not shown as unknown meanwhile", async () => {
  const { client, server, greet } = connect();
  /** @type {(response: Response) => void} */
  let release = nothing;
  server.handler = () => new Promise((resolve) => (release = resolve));
  /** @type {string[]} */
  const phases = [];
  client.job(A).subscribe(({ phase }) => phases.push(phase));
  const submitted = client.submit("characters", { id: A });
  greet().say({ type: "unknown", job: A, expired: false });
  await settled();
  release(json(job(A, 5), { status: 202 }));
  await submitted;
  assert.deepEqual(phases, ["known"]);
});

for (const event of ["visibilitychange", "pageshow", "online", "focus"]) {
  test(`${event} wakes the client up`, () => {
    const { client, window, made, greet } = connect();
    client.job(A).subscribe(nothing);
    greet().end(1006);
    assert.equal(client.connection.snapshot().phase, "waiting");
    window.dispatchEvent(new Event(event));
    assert.equal(made.length, 2);
  });
}

test("a page that is hidden is no reason to wake up", () => {
  const { client, window, made, greet } = connect();
  client.job(A).subscribe(nothing);
  greet().end(1006);
  window.document.hidden = true;
  window.dispatchEvent(new Event("visibilitychange"));
  assert.equal(made.length, 1);
});

test("the signal ends a submission that gets no answer", async () => {
  const { client, server } = connect();
  server.handler = noNetwork;
  const controller = new AbortController();
  const submitted = client.submit("characters", {}, { signal: controller.signal });
  await settled();
  controller.abort(new Error("enough"));
  await assert.rejects(submitted, { message: "enough" });
});

test("closing ends everything", async () => {
  const { client, clock, server, window, made, greet } = connect();
  client.job(A).subscribe(nothing);
  const socket = greet();
  server.handler = noNetwork;
  const submitted = client.submit("characters", {});
  await settled();
  client.close();
  await assert.rejects(submitted, { name: "AbortError" });
  await assert.rejects(client.submit("characters", {}), { name: "AbortError" });
  window.dispatchEvent(new Event("focus"));
  client.job(B).subscribe(nothing);
  await clock.advance(600_000);
  assert.deepEqual(
    [client.connection.snapshot().phase, made.length, socket.readyState, clock.pending],
    ["closed", 1, 3, 0],
  );
  for await (const { phase } of client.connection) assert.equal(phase, "closed");
});
