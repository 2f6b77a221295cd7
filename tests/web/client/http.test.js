import assert from "node:assert/strict";
import test from "node:test";

import { LimnerError } from "../../../web/client/errors.js";
import { Http } from "../../../web/client/http.js";
import { ManualClock } from "./support/clock.js";
import { FakeHttp, json, noAnswer, noNetwork } from "./support/fake-http.js";

/** @import { Handler } from "./support/fake-http.js" */

/**
 * @param {string} base
 * @param {Handler} [handler]
 */
function connect(base, handler) {
  const clock = new ManualClock();
  const server = new FakeHttp(handler);
  return {
    clock,
    server,
    http: new Http({ base, headers: { Authorization: "Bearer k" }, fetch: server.fetch, clock }),
  };
}

test("paths are resolved against the server, which may be a folder of a site", () => {
  const path = "/temp-portraits/x/image?v=7";
  assert.equal(connect("https://x.test").http.resolve(path), `https://x.test${path}`);
  assert.equal(connect("https://x.test/limner/").http.resolve(path), `https://x.test/limner${path}`);
  assert.equal(connect("https://x.test/limner?a=1#b").http.resolve(path), `https://x.test/limner${path}`);
});

test("absolute addresses stay as they are", () => {
  const { http } = connect("https://x.test/limner/");
  for (const url of ["https://bucket.test/a.png", "data:image/png;base64,AA=="]) assert.equal(http.resolve(url), url);
  assert.equal(http.resolve("//bucket.test/a.png"), "https://bucket.test/a.png");
});

test("the WebSocket is where the server is, with TLS where the server has it", () => {
  assert.equal(connect("https://x.test/limner/").http.socketUrl, "wss://x.test/limner/ws");
  assert.equal(connect("http://127.0.0.1:8000").http.socketUrl, "ws://127.0.0.1:8000/ws");
});

test("a call carries the client's headers, and JSON with its type", async () => {
  const { http, server } = connect("https://x.test", () => json({ ok: true }));
  const answer = await http.request("/characters", { method: "POST", body: { count: 3 } });
  const [call] = server.calls;
  assert.deepEqual(
    [call?.method, call?.body, call?.headers.get("content-type")],
    ["POST", { count: 3 }, "application/json"],
  );
  assert.equal(call?.headers.get("authorization"), "Bearer k");
  assert.deepEqual([answer.status, answer.text], [200, '{"ok":true}']);
});

test("a call without a body claims no type", async () => {
  const { http, server } = connect("https://x.test", () => json({}));
  await http.request("/jobs/x/cancel", { method: "POST" });
  assert.equal(server.calls[0]?.headers.get("content-type"), null);
});

test("without a network the error says so, with its cause", async () => {
  const { http } = connect("https://x.test", noNetwork);
  await assert.rejects(http.request("/jobs"), (error) => {
    assert.ok(error instanceof LimnerError && error.status === 0 && error.temporary);
    return error.cause instanceof TypeError;
  });
});

test("an answer that does not come within half a minute is given up", async () => {
  const { http, clock } = connect("https://x.test", noAnswer);
  const call = assert.rejects(http.request("/jobs"), { name: "LimnerError", status: 0 });
  await clock.advance(30_000);
  await call;
  assert.equal(clock.pending, 0);
});

test("a call that is aborted rejects with the signal's reason", async () => {
  const { http, clock } = connect("https://x.test", noAnswer);
  const controller = new AbortController();
  const call = http.request("/jobs", { signal: controller.signal });
  controller.abort(new Error("enough"));
  await assert.rejects(call, { message: "enough" });
  await assert.rejects(http.request("/jobs", { signal: controller.signal }), { message: "enough" });
  assert.equal(clock.pending, 0);
});
