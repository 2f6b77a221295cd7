/** The page of one world: the composition of its parts. What it shows is what the server says; it keeps nothing itself. */

/** @import { Job } from "../client/types.js" */
/** @import { Board, MediaKind } from "./world-calls.js" */
import { LimnerError, createClient, newJobId, parseJobId } from "../client/index.js";
import { showText } from "../elements/dom.js";
import { LimnerTrayElement } from "../elements/define.js";
import { Announcer } from "./announce.js";
import { Owner } from "./board-owner.js";
import { reasonOf } from "./board-forms.js";
import { BoardWatch } from "./board-watch.js";
import { generatedOf, leftOf } from "./board-words.js";
import { BoardView } from "./board.js";
import { showConnection } from "./connection.js";
import { formatFragment } from "./fragment.js";
import { KeepMemory, storageOfTab } from "./keep-memory.js";
import { byId, find } from "./page.js";
import { Worlds } from "./world-calls.js";

const root = new URL("../../", import.meta.url).href;
const client = createClient({ url: root });
const worlds = new Worlds(root);
const world = idOf(location.pathname);
const memory = new KeepMemory(storageOfTab(), newJobId);
const announcer = new Announcer(byId("live", HTMLElement));
const tray = new LimnerTrayElement();
const refusal = byId("refusal", HTMLElement);

/** Between two attempts to ask for what a board asks for on opening. */
const AGAIN_MS = 5_000;

/** @type {Set<MediaKind>} */
const opened = new Set();
/** @type {Set<MediaKind>} */
const asking = new Set();
/** @type {Board | null} */
let shown = null;

const view = new BoardView({ client, worlds, world }, {
  onChange: () => void look(),
  onGenerate: (kind) => void generate(kind),
  onTell: (sentence, job) => tray.tells(job) || announcer.say(sentence),
});
const owner = new Owner(worlds, world, {
  onBoard: take,
  onRemoved: () => {
    memory.forget(world);
    location.replace(worlds.library);
  },
});
const watch = new BoardWatch(worlds, world, {
  onBoard: show,
  onGone: end,
  onTrouble: (reason) => {
    showText(byId("trouble", HTMLElement), reason === null ? null : `${reason} Trying again by itself…`);
    if (reason !== null) return;
    showText(refusal, null);
    view.recover();
  },
  isArriving: () => view.isArriving,
});

/** @param {string} path */
function idOf(path) {
  const last = path.slice(path.lastIndexOf("/") + 1);
  return parseJobId(last) ?? "";
}

/** @param {Board} board */
function show(board) {
  shown = board;
  view.show(board);
  owner.show(board);
  for (const kind of board.yours ? board.generate_on_opening : []) {
    if (opened.has(kind)) continue;
    opened.add(kind);
    void generate(kind, { once: true });
  }
}

/**
 * What a call answered.
 *
 * @param {Board} board
 */
function take(board) {
  show(board);
  void look();
}

function end() {
  memory.forget(world);
  view.close();
  owner.end();
  showText(byId("trouble", HTMLElement), null);
  byId("opening", HTMLElement).hidden = true;
  byId("gone", HTMLElement).hidden = false;
  document.title = "No world – Limner";
  byId("gone-title", HTMLElement).focus();
}

async function look() {
  await watch.look();
  void tray.find();
}

/**
 * @param {MediaKind} kind
 * @param {{once?: boolean}} [options]
 */
async function generate(kind, { once = false } = {}) {
  if (asking.has(kind)) return;
  asking.add(kind);
  showText(refusal, null);
  view.wait(kind, true);
  try {
    const generated = await worlds.generate(world, kind, { once });
    if (generated.jobs.length > 0 || !once) announcer.say(generatedOf(kind, generated));
    showText(refusal, leftOf(generated, shown?.characters ?? []));
    await look();
  } catch (error) {
    if (once && error instanceof LimnerError && error.temporary) setTimeout(() => reopen(kind), AGAIN_MS);
    else showText(refusal, reasonOf(error));
  } finally {
    asking.delete(kind);
    view.wait(kind, false);
  }
}

/**
 * What the server could not be asked for on opening is still to be asked for, if the board says so.
 *
 * @param {MediaKind} kind
 */
function reopen(kind) {
  opened.delete(kind);
  if (shown !== null) show(shown);
}

/**
 * @param {Job} job
 * @param {string} set  the `characters` job that it belongs to, or empty
 */
function addressOf(job, set) {
  if (view.cardOf(job.id) !== null) return location.href;
  const theirs = job.kind === "characters" ? job.id : set;
  if (theirs !== "") return root + formatFragment({ set: theirs, repainted: new Map() });
  const url = job.result?.url;
  return url === undefined ? null : client.resolve(url);
}

tray.client = client;
tray.hrefOf = addressOf;
tray.toggleAttribute("tab", true);
tray.addEventListener("limner-tray-visit", (event) => {
  const card = event instanceof CustomEvent ? view.cardOf(event.detail.job) : null;
  if (card === null) return;
  event.preventDefault();
  card.focus();
});
tray.toggleAttribute("docked", true);
find(document, ".masthead", HTMLElement).append(tray);
showConnection(client, byId("connection", HTMLElement));
if (world === "") end();
else void watch.look();
