/** @import { ClientMessage, Job, ServerMessage } from "../../../../web/client/types.js" */

import { readFileSync } from "node:fs";

/**
 * @typedef {object} Vectors
 * @property {{name: string, final: boolean, record: Job}[]} records
 * @property {{name: string, client: number, store: number, sent: boolean}[]} versions
 * @property {{name: string, shown: number, event: number, taken: boolean}[]} live_versions
 * @property {{name: string, told: number, answered: number | null, event: number, shown: number}[]} losses
 * @property {ServerMessage[]} server_messages
 * @property {ClientMessage[]} client_messages
 * @property {{code: number, name: string, reconnect: boolean}[]} close_codes
 * @property {{code: number, reconnect: boolean}[]} reconnect
 * @property {{name: string, answer: {jobs: Job[], unknown: unknown[]}}[]} polls
 * @property {{text: string, id: string | null}[]} ids
 */

const file = new URL("../../../../docs/protocol-vectors.json", import.meta.url);

/** The examples of the contract, which the server's tests read too. @type {Vectors} */
export const vectors = JSON.parse(readFileSync(file, "utf8"));
