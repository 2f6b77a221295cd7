import assert from "node:assert/strict";
import { test } from "node:test";
import { stageOf } from "../../../web/app/board-stage.js";
import {
  altOf,
  endOf,
  farewellOf,
  generateWords,
  generatedOf,
  leftOf,
  mediaWords,
  plateOf,
  statesOf,
  summaryOf,
  titleOf,
} from "../../../web/app/board-words.js";
import { JOB, board, character, failed, media, painting, there } from "./support/boards.js";

/** @import { BoardMedia, Media } from "../../../web/app/world-calls.js" */

test("what generating came to is counted, and who was left out is named", () => {
  const generated = { jobs: [{ character: "c1", job: JOB }], left: [{ character: "c2", reason: "It has no portrait." }] };
  assert.equal(generateWords("video", 3), "Generate missing videos (3)");
  assert.equal(generatedOf("portrait", generated), "1 portrait asked for.");
  assert.equal(leftOf(generated, [character({ id: "c2", name: "Pell" })]), "Pell: It has no portrait.");
  assert.equal(generatedOf("video", { jobs: [], left: [] }), "No video is missing.");
  assert.equal(generatedOf("video", { ...generated, jobs: [] }), "");
});

test("both states stand in one line, and what is there is said before what becomes of another", () => {
  const states = (/** @type {BoardMedia} */ portrait, /** @type {BoardMedia} */ video) =>
    statesOf({ portrait: { stage: stageOf(portrait), media: portrait }, video: { stage: stageOf(video), media: video } });
  assert.equal(states(media(), media()), "No portrait yet · no video yet");
  assert.equal(states(there, painting), "Painted · video being made");
  const both = states({ ...painting, url: "/a" }, media({ ...failed, url: "/v" }));
  assert.equal(both, "Painted, another being made · video made, another failed");
});

test("a board and its characters are named", () => {
  const one = board(character({ portrait: there, video: there }));
  assert.equal(summaryOf(one), "1 character · 1 portrait · 1 video");
  assert.equal(summaryOf(board(character(), character())), "2 characters · 0 portraits · 0 videos");
  assert.equal(titleOf(one), "The night market – Limner");
  assert.equal(titleOf(null), "A world – Limner");
  assert.equal(altOf(character()), "Odo, Dwarf Bell-founder");
  assert.equal(altOf(character({ appearance: "in an apron" })), "Odo, Dwarf Bell-founder: in an apron");
  assert.equal(plateOf(character({ race: "" })), "Bell-founder");
});

test("the end is told by name, and a failure with its reason", () => {
  assert.equal(endOf("portrait", "Odo", null), "Odo is painted.");
  assert.equal(endOf("video", "Odo", "It tore."), "The video of Odo could not be made. It tore.");
  assert.match(farewellOf(1), /^Its one character goes/);
});

test("the history says what each is, when it was asked for and what became of it", () => {
  const dates = new Intl.DateTimeFormat("en-GB", { timeStyle: "short", timeZone: "UTC" });
  /** @type {Media} */
  const film = {
    id: "m1",
    kind: "video",
    job: JOB,
    status: "succeeded",
    url: "/v.mp4",
    poster: null,
    content_type: "video/mp4",
    width: 640,
    height: 640,
    bytes: 1,
    seconds: 3.96,
    created_at: "2026-11-20T10:00:00.000Z",
    chosen: true,
    error: null,
  };
  assert.equal(mediaWords(film, dates), "Video, 10:00, 4 s");
  assert.equal(mediaWords({ ...film, kind: "portrait", seconds: null }, dates), "Portrait, 10:00");
  assert.equal(mediaWords({ ...film, status: "failed", error: failed.error }, dates), "Video, 10:00: Nobody paints.");
  assert.equal(mediaWords({ ...film, status: "processing" }, dates), "Video, 10:00: being made");
});
