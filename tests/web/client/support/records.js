/** @import { Job } from "../../../../web/client/types.js" */

export const A = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55";
export const B = "c1a6f3d2-4b5e-4f60-8a7b-9c0d1e2f3a4b";

/**
 * @param {number} number
 */
export function idOf(number) {
  return `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
}

/**
 * @param {string} id
 * @param {number} version
 * @param {Partial<Job>} [changes]
 * @returns {Job}
 */
export function job(id, version, changes = {}) {
  return {
    version,
    id,
    kind: "portrait",
    status: "processing",
    attempt: 1,
    progress: 0.5,
    stage: null,
    queue_position: null,
    created_at: "2026-11-20T10:00:00.000Z",
    started_at: "2026-11-20T10:00:00.012Z",
    finished_at: null,
    expected_at: null,
    expires_at: null,
    provider: "painter",
    preview: null,
    metadata: null,
    result: null,
    error: null,
    ...changes,
  };
}
