import assert from "node:assert/strict";
import test from "node:test";

import { WebSocketTransport } from "../../../web/client/websocket.js";
import { settled } from "./support/clock.js";
import { FakeWebSocket, fakeWebSockets } from "./support/fake-websocket.js";
import { Listener } from "./support/listener.js";
import { A, job } from "./support/records.js";

const URL = "wss://limner.test/ws";

function connect() {
  const { WebSocket, made } = fakeWebSockets();
  const transport = new WebSocketTransport(URL, WebSocket);
  const listener = new Listener();
  transport.open(listener);
  const [socket] = made;
  assert.ok(socket);
  return { transport, listener, socket };
}

test("it connects to the address it was given and tells when it is open", () => {
  const { listener, socket } = connect();
  assert.equal(socket.url, URL);
  assert.equal(listener.opened, 0);
  socket.accept();
  assert.equal(listener.opened, 1);
});

test("messages go in both directions", () => {
  const { transport, listener, socket } = connect();
  socket.accept();
  socket.say({ type: "job", job: job(A, 7) });
  transport.send({ type: "ping" });
  assert.deepEqual(listener.messages, [{ type: "job", job: job(A, 7) }]);
  assert.deepEqual(socket.sent, [{ type: "ping" }]);
});

test("what is not understood, or binary, is passed over", () => {
  const { listener, socket } = connect();
  socket.accept();
  socket.receive("{");
  socket.receive('{"type":"weather"}');
  socket.receive(new ArrayBuffer(3));
  assert.deepEqual([listener.messages, listener.closes], [[], []]);
});

test("the close code is told once, and nothing after it", () => {
  const { listener, socket } = connect();
  socket.accept();
  socket.end(4001);
  socket.dispatchEvent(Object.assign(new Event("close"), { code: 1006, reason: "" }));
  assert.deepEqual(listener.closes, [4001]);
});

test("a WebSocket that cannot be opened is told as a broken one", () => {
  const { listener, socket } = connect();
  socket.end(1006);
  assert.deepEqual([listener.opened, listener.closes], [0, [1006]]);
});

test("closing it tells nothing any more, even if more comes", async () => {
  const { transport, listener, socket } = connect();
  socket.accept();
  transport.close();
  socket.say({ type: "ping" });
  await settled();
  assert.equal(socket.readyState, 3);
  assert.deepEqual([listener.messages, listener.closes], [[], []]);
});

test("closing it says that all is well", () => {
  const { transport, socket } = connect();
  socket.accept();
  transport.close();
  assert.equal(socket.closedWith, 1000);
});

test("sending while it closes does no harm", () => {
  const { transport, socket } = connect();
  socket.accept();
  socket.readyState = 2;
  transport.send({ type: "ping" });
  assert.deepEqual(socket.sent, []);
});

test("where WebSockets do not exist, or are forbidden, it fails as if blocked", () => {
  class Forbidden extends FakeWebSocket {
    /** @param {string} url */
    constructor(url) {
      super(url);
      throw new DOMException("the page's policy forbids it", "SecurityError");
    }
  }
  for (const WebSocket of [undefined, Forbidden]) {
    const listener = new Listener();
    new WebSocketTransport(URL, WebSocket).open(listener);
    assert.deepEqual(listener.closes, [1006]);
  }
});
