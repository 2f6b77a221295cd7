import assert from "node:assert/strict";
import { test } from "node:test";
import { toastOf } from "../../../../web/elements/tray/telling.js";
import { defaultWords } from "../../../../web/elements/words.js";
import { job } from "../support/jobs.js";

/** @import { Job } from "../../../../web/client/types.js" */
/** @import { News } from "../../../../web/elements/tray/news.js" */

/**
 * @param {Exclude<News, "gone">} news
 * @param {Partial<Job>} [fields]
 * @param {string | null} [href]
 */
const toast = (news, fields = {}, href = "https://limner.test/picture") =>
  toastOf({ news, job: job(fields), label: "Mira", image: null, href }, defaultWords);

/**
 * @param {boolean} retryable
 * @returns {Partial<Job>}
 */
const failure = (retryable) => ({
  error: { code: retryable ? "timed_out" : "moderated", message: "It took too long.", retryable },
});

test("waiting is not called a success", () => {
  assert.deepEqual([toast("queued").text, toast("queued", { queue_position: 3 }).detail], ["Queued", "2 ahead of you"]);
  assert.deepEqual([toast("queued").link, toast("queued").retry], [null, null]);
});

test("what is done links to what was made", () => {
  const { text, link } = toast("succeeded");
  assert.deepEqual([text, link], ["Painted", { href: "https://limner.test/picture", text: "Show", of: "Show: Mira" }]);
});

test("a set that is written does not claim its pictures", () => {
  assert.equal(toast("succeeded", { kind: "characters" }).text, "Written; the portraits follow");
});

test("a failure tells its reason, stays, and may be tried again", () => {
  const { text, detail, retry, link, stayMs } = toast("failed", failure(true));
  assert.deepEqual([text, detail, link, stayMs], ["Could not be painted", "It took too long.", null, null]);
  assert.deepEqual(retry, { name: "Try again", of: "Try again: Mira" });
});

test("a failure that would come again asks for another description, and has no button to try again", () => {
  assert.equal(toast("failed", failure(false)).retry, null);
  const change = { text: "Change the description", of: "Change the description: Mira" };
  assert.deepEqual(toast("failed", failure(false), "#set=1").link, { href: "#set=1", ...change });
  assert.deepEqual(toast("failed", failure(false), null).link, { href: null, ...change });
});

test("each kind is told in its own words", () => {
  const begun = ["characters", "portrait", "video"].map((kind) => toast("processing", { kind }).text);
  assert.deepEqual(begun, ["Being written", "Being painted", "Being set in motion"]);
  const ended = /** @type {const} */ (["succeeded", "failed"]).map((news) => toast(news, { kind: "video" }).text);
  assert.deepEqual(ended, ["Set in motion", "Could not be set in motion"]);
});
