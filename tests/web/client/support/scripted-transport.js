/** @import { ClientMessage, Transport, TransportHandlers } from "../../../../web/client/types.js" */

/**
 * A transport in memory, whose other end is the test's.
 *
 * @implements {Transport}
 */
export class ScriptedTransport {
  /** @type {TransportHandlers | null} */
  handlers = null;
  /** @type {ClientMessage[]} */
  sent = [];
  closed = false;

  /** @param {TransportHandlers} handlers */
  open(handlers) {
    this.handlers = handlers;
  }

  /** @param {ClientMessage} message */
  send(message) {
    this.sent.push(message);
  }

  close() {
    this.closed = true;
  }

  greet() {
    this.handlers?.onOpen();
    this.handlers?.onMessage({ type: "hello", ping_interval_ms: 25_000, retry_window_ms: 5_000, max_jobs: 256 });
  }
}
