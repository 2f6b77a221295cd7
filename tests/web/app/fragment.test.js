import assert from "node:assert/strict";
import { test } from "node:test";
import { formatFragment, parseFragment } from "../../../web/app/fragment.js";

const SET = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55";
const OTHER = "7f3c2a10-9d5e-4b6f-8a21-0c1d2e3f4a5b";

test("an address comes back as it was put in", () => {
  const address = { set: SET, repainted: new Map([[10, OTHER], [2, SET]]) };
  const hash = formatFragment(address);
  assert.equal(hash, `#set=${SET}&p2=${SET}&p10=${OTHER}`);
  assert.deepEqual(parseFragment(hash), { set: SET, repainted: new Map([[2, SET], [10, OTHER]]) });
});

test("a page without a set has no fragment", () => {
  assert.equal(formatFragment({ set: null, repainted: new Map() }), "");
  assert.deepEqual(parseFragment(""), { set: null, repainted: new Map() });
});

test("an id in capitals is the same id", () => {
  assert.equal(parseFragment(`#set=${SET.toUpperCase()}`).set, SET);
});

test("what is no id is left out", () => {
  const repainted = parseFragment(`#set=${SET}&p1=nonsense&p0=${OTHER}&px=${OTHER}&p3=${OTHER}&later=1`).repainted;
  assert.deepEqual([...repainted], [[3, OTHER]]);
  assert.equal(parseFragment("#set=<script>").set, null);
  assert.equal(parseFragment("#%E0%A4%A").set, null);
});

test("portraits without a set are nobody's", () => {
  assert.equal(parseFragment(`#p1=${OTHER}`).repainted.size, 0);
});
