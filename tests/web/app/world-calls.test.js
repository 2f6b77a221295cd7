import assert from "node:assert/strict";
import { test } from "node:test";
import { Worlds } from "../../../web/app/world-calls.js";
import { LimnerError } from "../../../web/client/errors.js";
import { FakeHttp, json, noNetwork } from "../client/support/fake-http.js";
import { live, board, character } from "./support/boards.js";

const BASE = "https://example.org/limner/";

/** @param {() => Response} answer */
function worldsThatAnswer(answer) {
  const http = new FakeHttp(answer);
  return { http, worlds: new Worlds(BASE, http.fetch) };
}

test("a world is made with the key that stands for the wish", async () => {
  const { http, worlds } = worldsThatAnswer(() => json({ ...board(), world_id: "w1" }, { status: 201 }));
  const made = await worlds.createWorld("Night", ["c1"], "key-1");
  assert.equal(made.world_id, "w1");
  const [call] = http.calls;
  assert.equal(call?.url, `${BASE}worlds`);
  assert.equal(call?.headers.get("idempotency-key"), "key-1");
  assert.deepEqual(call?.body, { name: "Night", characters: ["c1"] });
});

test("a board that is still what it was is not sent again", async () => {
  const { http, worlds } = worldsThatAnswer(() => json(board(character()), { headers: { ETag: '"a"' } }));
  const first = await worlds.board("w1");
  assert.equal(first?.etag, '"a"');
  assert.equal(http.calls[0]?.headers.has("if-none-match"), false);
  http.answers(() => new Response(null, { status: 304 }));
  assert.equal(await worlds.board("w1", '"a"'), null);
  assert.equal(http.calls[1]?.headers.get("if-none-match"), '"a"');
});

test("each call goes where the reference says, below the server's path", async () => {
  const { http, worlds } = worldsThatAnswer(() => json({ jobs: [], left: [], media: [], worlds: [], next: null }));
  await worlds.list("20-a b");
  await worlds.generate("w1", "video", { once: true });
  await worlds.media("w1", "c/1");
  http.answers(() => json(character()));
  await worlds.editCharacter("w1", "c1", { name: "Oda" });
  await worlds.choose("w1", "c1", "m1");
  http.answers(() => json(board()));
  await worlds.rename("w1", "Day");
  http.answers(() => json(live().job, { status: 202 }));
  await worlds.regenerate("portrait", "w1", "c1", { seed: 7 });
  http.answers(() => new Response(null, { status: 204 }));
  await worlds.remove("w1");
  const calls = http.calls.map(({ method, url, body }) => [method, url.slice(BASE.length), body]);
  assert.deepEqual(calls, [
    ["GET", "worlds?before=20-a%20b", undefined],
    ["POST", "worlds/w1/generate", { kind: "video", once: true }],
    ["GET", "worlds/w1/characters/c%2F1/media", undefined],
    ["PATCH", "worlds/w1/characters/c1", { name: "Oda" }],
    ["POST", "worlds/w1/characters/c1/choose", { media: "m1" }],
    ["PATCH", "worlds/w1", { name: "Day" }],
    ["POST", "worlds/w1/characters/c1/portrait", { seed: 7 }],
    ["DELETE", "worlds/w1", undefined],
  ]);
});

test("a refusal is thrown with its sentence and the fields it names", async () => {
  const problem = { title: "Not valid", errors: [{ field: "name", message: "is empty" }] };
  const { worlds } = worldsThatAnswer(() => json(problem, { status: 422 }));
  for (const call of [worlds.rename("w1", ""), worlds.remove("w1"), worlds.board("w1"), worlds.createWorld("", [], "k")]) {
    await assert.rejects(call, (error) => error instanceof LimnerError && error.errors[0]?.field === "name");
  }
});

test("no answer, and one that nobody understands, are refusals too", async () => {
  const { http, worlds } = worldsThatAnswer(() => json({ hello: "world" }));
  await assert.rejects(worlds.board("w1"), (error) => error instanceof LimnerError && error.status === 200);
  http.handler = noNetwork;
  await assert.rejects(worlds.list(), (error) => error instanceof LimnerError && error.temporary);
});

test("addresses lead below the server's path", () => {
  const worlds = new Worlds(BASE);
  assert.equal(worlds.library, `${BASE}worlds`);
  assert.equal(worlds.address("w1"), `${BASE}worlds/w1`);
  assert.equal(worlds.resolve("/objects/a.png"), `${BASE}objects/a.png`);
});
