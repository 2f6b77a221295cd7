/** @import { Board, BoardCharacter, BoardMedia } from "../../../../web/app/world-calls.js" */
/** @import { Job, JobState } from "../../../../web/client/types.js" */
import { known } from "../../../../web/client/records.js";

export const JOB = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55";

/**
 * @param {Partial<BoardMedia>} [fields]
 * @returns {BoardMedia}
 */
export const media = (fields = {}) => ({
  status: "missing",
  job: null,
  url: null,
  poster: null,
  kept: false,
  error: null,
  count: 0,
  ...fields,
});

export const there = media({ status: "succeeded", job: JOB, url: "/objects/a.png", kept: true, count: 1 });
export const painting = media({ status: "processing", job: JOB });
export const failed = media({
  status: "failed",
  job: JOB,
  error: { code: "provider_unavailable", message: "Nobody paints.", retryable: true },
});

/**
 * @param {Partial<BoardCharacter>} [fields]
 * @returns {BoardCharacter}
 */
export const character = (fields = {}) => ({
  id: "c1",
  name: "Odo",
  race: "Dwarf",
  class: "Bell-founder",
  traits: [],
  stats: null,
  backstory: null,
  appearance: null,
  shown: null,
  portrait: media(),
  video: media(),
  ...fields,
});

/**
 * @param {...BoardCharacter} characters
 * @returns {Board}
 */
export const board = (...characters) => ({
  id: "w1",
  name: "The night market",
  created_at: "2026-11-20T10:00:00.000Z",
  updated_at: "2026-11-20T10:00:00.000Z",
  yours: true,
  generate_on_opening: [],
  characters,
});

/**
 * @param {Partial<Job>} [fields]
 * @returns {JobState}
 */
export const live = (fields = {}) =>
  known({
    version: 1,
    id: JOB,
    kind: "portrait",
    status: "processing",
    attempt: 1,
    progress: 0.42,
    stage: "Blocking in",
    queue_position: null,
    created_at: "2026-11-20T10:00:00.000Z",
    started_at: "2026-11-20T10:00:00.000Z",
    finished_at: null,
    expected_at: null,
    expires_at: null,
    provider: "painter",
    preview: "data:image/jpeg;base64,AAAA",
    metadata: null,
    result: null,
    error: null,
    ...fields,
  });
