import assert from "node:assert/strict";
import test from "node:test";

import { parseServerMessage, readMissing } from "../../../web/client/messages.js";
import { A, B } from "./support/records.js";
import { vectors } from "./support/vectors.js";

for (const message of vectors.server_messages) {
  test(`a message "${message.type}" is read as it was written: ${JSON.stringify(message).slice(0, 60)}`, () => {
    assert.deepEqual(parseServerMessage(JSON.stringify(message)), message);
  });
}

test("sixteen digits of version are read exactly", () => {
  for (const { record } of vectors.records) {
    const text = JSON.stringify({ type: "job", job: record });
    const message = parseServerMessage(text);
    assert.ok(message?.type === "job");
    assert.ok(text.includes(`"version":${String(message.job.version)},`));
  }
});

test("what is not understood is passed over", () => {
  const texts = [
    "",
    "{",
    "null",
    "[]",
    "7",
    '{"type":"news"}',
    '{"type":"job","job":{}}',
    '{"type":"unknown","job":1}',
  ];
  assert.deepEqual(
    texts.map(parseServerMessage),
    texts.map(() => null),
  );
});

test("a hello with odd numbers gets the usual ones", () => {
  const text = JSON.stringify({ type: "hello", ping_interval_ms: -1, retry_window_ms: "soon", max_jobs: 0 });
  assert.deepEqual(parseServerMessage(text), {
    type: "hello",
    ping_interval_ms: 25_000,
    retry_window_ms: 5_000,
    max_jobs: 256,
  });
});

test("missing jobs are named by id, and those that have expired once more", () => {
  assert.deepEqual(readMissing({ unknown: [A, B, 7, null], expired: [B] }), [
    { id: A, expired: false },
    { id: B, expired: true },
  ]);
  assert.deepEqual(readMissing({ unknown: [A] }), [{ id: A, expired: false }]);
  assert.deepEqual(readMissing({}), []);
});
