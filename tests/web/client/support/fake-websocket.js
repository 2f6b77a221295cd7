/** @import { ServerMessage, Socket } from "../../../../web/client/types.js" */

/**
 * A browser's WebSocket as its specification has it, with the server's side in the test's hands.
 *
 * @implements {Socket}
 */
export class FakeWebSocket extends EventTarget {
  readyState = 0;
  /** @type {unknown[]} What the client sent, parsed. */
  sent = [];
  /** @type {number | null} What the client closed it with; 1005 stands for no code. */
  closedWith = null;

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }

  accept() {
    this.readyState = 1;
    this.dispatchEvent(new Event("open"));
  }

  /** @param {ServerMessage} message */
  say(message) {
    this.receive(JSON.stringify(message));
  }

  /** @param {unknown} data */
  receive(data) {
    this.dispatchEvent(new MessageEvent("message", { data }));
  }

  /**
   * The connection ends; a browser reports an error before, when it was not opened or broke.
   *
   * @param {number} code
   */
  end(code) {
    if (this.readyState === 3) return;
    this.readyState = 3;
    if (code === 1006) this.dispatchEvent(new Event("error"));
    this.dispatchEvent(Object.assign(new Event("close"), { code, reason: "" }));
  }

  /** @param {string} text */
  send(text) {
    if (this.readyState === 0) throw new DOMException("still connecting", "InvalidStateError");
    if (this.readyState === 1) this.sent.push(JSON.parse(text));
  }

  /** @param {number} [code] */
  close(code = 1005) {
    if (this.readyState > 1) return;
    this.readyState = 2;
    this.closedWith = code;
    queueMicrotask(() => this.end(code));
  }
}

/** A class of WebSockets that remembers its instances. While the network is blocked, each fails at once. */
export function fakeWebSockets(network = { blocked: false }) {
  /** @type {FakeWebSocket[]} */
  const made = [];
  class Remembered extends FakeWebSocket {
    /** @param {string} url */
    constructor(url) {
      super(url);
      made.push(this);
      if (network.blocked) queueMicrotask(() => this.end(1006));
    }
  }
  return { WebSocket: Remembered, made };
}
