/** Why a server closed a WebSocket. 4000–4499: come back; 4500–4999: don't. */
export const CloseCode = Object.freeze({
  DRAIN: 4001,
  IDLE: 4006,
  TOO_SLOW: 4008,
  RESYNC: 4010,
  SILENT: 4012,
  TOO_MANY_MESSAGES: 4013,
  BAD_MESSAGES: 4501,
  TOO_MANY_CONNECTIONS: 4504,
});

/** What the client closes with; without a code the server would see 1005. */
export const NORMAL = 1000;

/** What browsers report when a connection broke without a close frame. */
export const ABNORMAL = 1006;

/**
 * Whether a WebSocket may be tried again after this close code.
 *
 * @param {number} code
 */
export function mayReconnect(code) {
  return code < 4500 || code > 4999;
}

/**
 * Whether the server ended the conversation on purpose, which says nothing against WebSockets here.
 *
 * @param {number} code
 */
export function isDeliberate(code) {
  return code >= 4000 && code <= 4999;
}
