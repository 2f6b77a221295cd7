import assert from "node:assert/strict";
import test from "node:test";

import { idOf } from "./support/records.js";
import { randomOf, World } from "./support/world.js";

const WALKS = 1_000;
const STEPS = 250;
const IDS = [0, 1, 2, 3, 4].map(idOf);

/** @param {World} world */
function stepByChance(world) {
  const { random } = world;
  const id = IDS[Math.floor(random() * IDS.length)] ?? idOf(0);
  const dice = random();
  if (dice < 0.15) world.change(id);
  else if (dice < 0.17) world.lose(id);
  else if (dice < 0.18) world.rewind(id);
  else if (dice < 0.27) world.watch(id);
  else if (dice < 0.31) world.unwatch(id);
  else if (dice < 0.35) world.answer(id);
  else if (dice < 0.43) world.redraw(id);
  else if (dice < 0.438) world.cut();
  else if (dice < 0.442) world.blocked.websocket = random() < 0.3;
  else if (dice < 0.448) world.blocked.polling = random() < 0.3;
  else if (dice < 0.46) world.wake();
  else if (dice < 0.6) world.pass(Math.floor(random() * random() * 20_000));
  else world.move();
}

/** @param {World} world */
function checkEnd(world) {
  for (const id of world.watched) {
    const shown = world.rig.shown.get(id);
    const truth = world.truth.get(id) ?? null;
    assert.deepEqual(shown?.job ?? null, truth, `the last state of ${id} was lost`);
  }
}

test("whatever happens on the way: in one subscription nothing older replaces newer, and the last state arrives", () => {
  for (let seed = 1; seed <= WALKS; seed += 1) {
    const world = new World(randomOf(seed));
    try {
      for (let count = 0; count < STEPS; count += 1) stepByChance(world);
      world.settle();
      checkEnd(world);
    } catch (error) {
      throw new Error(`walk ${seed} failed`, { cause: error });
    }
  }
});
