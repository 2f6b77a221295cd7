import assert from "node:assert/strict";
import test from "node:test";

import { CloseCode, isDeliberate, mayReconnect } from "../../../web/client/codes.js";
import { vectors } from "./support/vectors.js";

test("the table of close codes is the contract's", () => {
  const ours = vectors.close_codes.filter(({ code }) => code >= 4000).map(({ name, code }) => [name, code]);
  assert.deepEqual(Object.entries(CloseCode), ours);
});

for (const { code, reconnect } of [...vectors.close_codes, ...vectors.reconnect]) {
  test(`after ${code} a client ${reconnect ? "comes back" : "stays away"}`, () => {
    assert.equal(mayReconnect(code), reconnect);
  });
}

test("only codes of our own are a server's decision; everything else is a broken connection", () => {
  assert.deepEqual([1000, 1001, 1006, 1012, 3000, 4001, 4999].filter(isDeliberate), [4001, 4999]);
});
