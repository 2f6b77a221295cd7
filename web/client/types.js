/**
 * The types of the contract: what travels, and what a page sees. There is no code here.
 *
 * @typedef {"queued" | "processing" | "succeeded" | "failed" | "canceled"} Status
 *
 * @typedef {"invalid_input" | "moderated" | "provider_unavailable" | "provider_rejected" | "submit_unknown"
 *   | "timed_out" | "lost" | "internal"} JobErrorCode
 *
 * @typedef {object} JobError
 * @property {JobErrorCode} code
 * @property {string} message A sentence for a person.
 * @property {boolean} retryable Whether asking again may help.
 *
 * @typedef {object} Character
 * @property {string} id
 * @property {string} name
 * @property {string} race
 * @property {string} class
 * @property {string[]} traits
 * @property {Record<string, number>} stats
 * @property {string} backstory
 * @property {string} [appearance]
 * @property {string} portrait The id of the job that paints this character.
 *
 * @typedef {object} JobResult What a finished job gives; which of the fields are there depends on its kind.
 * @property {string} [url] Of a picture or a video; make it absolute with `client.resolve`.
 * @property {string} [poster] Of a video: the URL of a picture to show before it plays.
 * @property {string} [content_type]
 * @property {number} [width] In pixels.
 * @property {number} [height] In pixels.
 * @property {number} [bytes]
 * @property {Character[]} [characters] Of a `characters` job; grows as they are written.
 *
 * @typedef {object} Job The one record that everything slow is. All times are RFC 3339 in UTC.
 * @property {number} version Rises with every change; the only cursor there is.
 * @property {string} id A version 4 UUID. Whoever knows it may watch the job.
 * @property {string} kind
 * @property {Status} status
 * @property {number} attempt
 * @property {number} progress From 0 to 1; never falls within one run.
 * @property {string | null} stage
 * @property {number | null} queue_position 1 is next.
 * @property {string} created_at
 * @property {string | null} started_at
 * @property {string | null} finished_at
 * @property {string | null} expected_at When it will probably be finished.
 * @property {string | null} expires_at Until when a finished one is kept.
 * @property {string | null} provider
 * @property {string | null} preview A data URI; null once the job is final.
 * @property {Record<string, unknown> | null} metadata
 * @property {JobResult | null} result
 * @property {JobError | null} error
 *
 * @typedef {{readonly id?: string, readonly [field: string]: unknown}} JobInput What is to be made. Without an `id`, the
 *   client makes one.
 *
 * @typedef {{id: string, reason: string}} Left A job that was not tried again, and why, as a sentence.
 *
 * @typedef {object} Retried What trying several jobs again came to.
 * @property {string[]} retried The ids of those that wait again.
 * @property {Left[]} left
 *
 * @typedef {object} JobState What is known of a job. Frozen; the same object until something changes.
 * @property {string} id
 * @property {"loading" | "known" | "unknown" | "expired"} phase `unknown` may become `known`: the job may appear later.
 * @property {Job | null} job Null but in the phase `known`.
 *
 * @typedef {object} ConnectionState
 * @property {"idle" | "connecting" | "open" | "waiting" | "closed"} phase
 * @property {"websocket" | "polling"} transport What carries, or will carry, the news.
 * @property {number | null} lostAt Since when a connection is wanted and missing, in ms of the client's clock.
 *
 * @typedef {import("./client.js").Client} Client
 *
 * @typedef {object} FieldError
 * @property {string} field
 * @property {string} message
 *
 * @typedef {{type: "hello", ping_interval_ms: number, retry_window_ms: number, max_jobs: number}} Hello
 * @typedef {Hello
 *   | {type: "job", job: Job}
 *   | {type: "unknown", job: string, expired: boolean}
 *   | {type: "subscribed", jobs: string[]}
 *   | {type: "error", code: string, message: string}
 *   | {type: "ping"}
 *   | {type: "pong"}
 *   | {type: "goodbye", retry_after_ms: number}} ServerMessage
 *
 * @typedef {{type: "subscribe", jobs: Record<string, number>}
 *   | {type: "unsubscribe", jobs: string[]}
 *   | {type: "ping"}} ClientMessage
 *
 * @typedef {object} TransportHandlers What a transport tells. `onClose` comes once at most, and nothing after it.
 * @property {() => void} onOpen
 * @property {(message: ServerMessage) => void} onMessage
 * @property {(code: number, reason: string) => void} onClose
 *
 * @typedef {object} Transport
 * @property {(handlers: TransportHandlers) => void} open Called once.
 * @property {(message: ClientMessage) => void} send Allowed after `onOpen`.
 * @property {() => void} close Ends it without `onClose`.
 *
 * @typedef {object} Clock
 * @property {() => number} now Milliseconds since the epoch.
 * @property {(callback: () => void, ms: number) => unknown} setTimeout
 * @property {(handle: unknown) => void} clearTimeout
 *
 * @typedef {EventTarget & {readonly document?: {readonly hidden: boolean}}} WakeTarget
 *
 * @typedef {EventTarget & {readonly readyState: number, send: (text: string) => void, close: (code?: number) => void}} Socket
 * @typedef {new (url: string) => Socket} WebSocketConstructor What a browser's `WebSocket` is, as far as it is needed.
 * @typedef {(url: string, init: RequestInit) => Promise<Response>} Fetch
 */

/**
 * A value that changes. `snapshot` gives the same object until it does; a listener is called on changes only.
 *
 * @template T
 * @typedef {AsyncIterable<T> & {snapshot: () => T, subscribe: (listener: (value: T) => void) => () => void}} Store
 */

/** @typedef {Store<JobState> & {readonly id: string}} JobStore */

export {};
