/** @import { Job, JobState } from "../../../../web/client/types.js" */

export const ID = "0b8b8b0e-3c0f-4d8e-9a70-2d4c3b1f6a55";
export const T0 = Date.parse("2026-11-20T10:00:00.000Z");

/** @param {number} ms */
export const at = (ms) => new Date(T0 + ms).toISOString();

/**
 * A portrait job as the server would send it, created at T0.
 *
 * @param {Partial<Job>} [fields]
 * @returns {Job}
 */
export function job(fields = {}) {
  return {
    version: T0 * 1000,
    id: ID,
    kind: "portrait",
    status: "queued",
    attempt: 0,
    progress: 0,
    stage: null,
    queue_position: null,
    created_at: at(0),
    started_at: null,
    finished_at: null,
    expected_at: null,
    expires_at: null,
    provider: null,
    preview: null,
    metadata: null,
    result: null,
    error: null,
    ...fields,
  };
}

/**
 * @param {Partial<Job>} [fields]
 * @returns {JobState}
 */
export const known = (fields) => ({ id: ID, phase: "known", job: job(fields) });

/**
 * @param {"loading" | "unknown" | "expired"} phase
 * @returns {JobState}
 */
export const without = (phase) => ({ id: ID, phase, job: null });
