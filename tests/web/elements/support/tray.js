/** @import { Job } from "../../../../web/client/types.js" */
/** @import { Load } from "../../../../web/elements/tray/task.js" */
import assert from "node:assert/strict";

import { createClient } from "../../../../web/client/index.js";
import { Memory } from "../../../../web/elements/tray/memory.js";
import { Tasks } from "../../../../web/elements/tray/tasks.js";
import { ManualClock, settled } from "../../client/support/clock.js";
import { FakeHttp, json } from "../../client/support/fake-http.js";
import { fakeWebSockets } from "../../client/support/fake-websocket.js";
import { FakeStorage } from "./storage.js";

const HELLO = /** @type {const} */ ({ type: "hello", ping_interval_ms: 25_000, retry_window_ms: 5_000, max_jobs: 256 });
const SERVER = "https://limner.test/";

/**
 * The tasks of one tab over a real client whose network is in the test's hands.
 *
 * @param {{storage?: FakeStorage, active?: Job[]}} [options]
 */
export async function tab({ storage = new FakeStorage(), active = [] } = {}) {
  const clock = new ManualClock();
  const server = new FakeHttp(() => json({ jobs: active }));
  const { WebSocket, made } = fakeWebSockets();
  const client = createClient({ url: SERVER, fetch: server.fetch, WebSocket, clock, random: () => 0.5 });
  /** @type {(arrived: boolean) => void} */
  let arrive = () => {};
  let asked = 0;
  /** @type {Load} */
  const load = async (picture) => {
    asked += 1;
    picture.shown = await new Promise((resolve) => (arrive = resolve));
    picture.lost = !picture.shown;
    return null;
  };
  const tasks = new Tasks({ client, memory: new Memory(storage, SERVER), load, changed: () => {}, now: clock.now });
  await tasks.find();

  /** Tells what there is to tell, as a tab that is looked at does. */
  const tell = () =>
    tasks.news().map(({ task, news }) => {
      tasks.told(task, news);
      return `${task.label}: ${news}`;
    });
  const socket = () => {
    const last = made.at(-1);
    assert.ok(last);
    if (last.readyState === 0) {
      last.accept();
      last.say(HELLO);
    }
    return last;
  };
  /** @param {Job} job */
  const say = (job) => socket().say({ type: "job", job });
  /** @param {string} id */
  const expire = (id) => socket().say({ type: "unknown", job: id, expired: true });
  /** @param {boolean} arrived */
  const pictureArrives = async (arrived) => {
    arrive(arrived);
    await settled();
  };
  /** How often a picture was asked for. */
  const loads = () => asked;
  /** Someone closes the tab. */
  const close = () => {
    tasks.close();
    client.close();
  };
  return { tasks, client, server, storage, clock, tell, say, expire, loads, pictureArrives, close };
}
