/** @import { ClientMessage, Socket, Transport, TransportHandlers, WebSocketConstructor } from "./types.js" */

import { ABNORMAL, NORMAL } from "./codes.js";
import { parseServerMessage } from "./messages.js";

/**
 * The WebSocket as a transport.
 *
 * @implements {Transport}
 */
export class WebSocketTransport {
  /** @type {Socket | null} */
  #socket = null;
  #url;
  #WebSocket;
  #listening = new AbortController();

  /**
   * @param {string} url
   * @param {WebSocketConstructor | null | undefined} WebSocket Where there is none, opening fails as if it were blocked.
   */
  constructor(url, WebSocket) {
    this.#url = url;
    this.#WebSocket = WebSocket;
  }

  /** @param {TransportHandlers} handlers */
  open(handlers) {
    const socket = this.#construct();
    if (socket === null) {
      handlers.onClose(ABNORMAL, "WebSockets are not available here");
      return;
    }
    this.#socket = socket;
    const { signal } = this.#listening;
    socket.addEventListener("open", () => handlers.onOpen(), { signal });
    socket.addEventListener("message", (event) => receive(handlers, event), { signal });
    socket.addEventListener("close", (event) => this.#closed(handlers, event), { signal });
  }

  /** @param {ClientMessage} message */
  send(message) {
    if (this.#socket?.readyState === 1) this.#socket.send(JSON.stringify(message));
  }

  close() {
    this.#listening.abort();
    this.#socket?.close(NORMAL);
  }

  /**
   * @param {TransportHandlers} handlers
   * @param {Event} event
   */
  #closed(handlers, event) {
    const { code, reason } = /** @type {CloseEvent} */ (event);
    this.#listening.abort();
    handlers.onClose(code, reason);
  }

  /** @returns {Socket | null} */
  #construct() {
    try {
      return this.#WebSocket ? new this.#WebSocket(this.#url) : null;
    } catch {
      // A page's security policy may forbid it.
      return null;
    }
  }
}

/**
 * @param {TransportHandlers} handlers
 * @param {Event} event
 */
function receive(handlers, event) {
  /** @type {unknown} */
  const data = /** @type {MessageEvent} */ (event).data;
  const message = typeof data === "string" ? parseServerMessage(data) : null;
  if (message) handlers.onMessage(message);
}
