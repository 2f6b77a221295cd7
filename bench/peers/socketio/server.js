// Socket.IO with its Redis adapter, as their documentation sets them up: a client joins the room of its job, and a
// backend emits to that room through Redis.
//
//   node server.js PORT REDIS_PORT

import { createServer } from "node:http";
import { createAdapter } from "@socket.io/redis-adapter";
import { createClient } from "redis";
import { Server } from "socket.io";

const [port, redisPort] = process.argv.slice(2).map(Number);
const publisher = createClient({ url: `redis://127.0.0.1:${redisPort}` });
const subscriber = publisher.duplicate();
await Promise.all([publisher.connect(), subscriber.connect()]);

const http = createServer();
const io = new Server(http, { adapter: createAdapter(publisher, subscriber), transports: ["websocket"] });
// What its page on memory usage advises: the request of the handshake is not kept.
io.engine.on("connection", (socket) => {
  socket.request = null;
});
io.on("connection", (socket) => {
  socket.on("join", async (job) => {
    await socket.join(job);
    socket.emit("joined");
  });
});
http.listen(port, "127.0.0.1");
