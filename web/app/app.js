/** The page: the composition of its parts, and the way between the address and what is shown. */

/** @import { Job } from "../client/types.js" */
/** @import { Brief } from "./scene.js" */
import { LimnerError, createClient, newJobId } from "../client/index.js";
import { LimnerTrayElement } from "../elements/define.js";
import { Announcer } from "./announce.js";
import { Commission } from "./commission.js";
import { showConnection } from "./connection.js";
import { formatFragment, parseFragment } from "./fragment.js";
import { KeepForm } from "./keep-form.js";
import { KeepMemory, storageOfTab } from "./keep-memory.js";
import { byId, find } from "./page.js";
import { headingOf, titleOf } from "./sentences.js";
import { SetOnWall } from "./set.js";
import { Tools } from "./tools.js";
import { Worlds } from "./world-calls.js";

const client = createClient({ url: new URL("../../", import.meta.url).href });
const announcer = new Announcer(byId("live", HTMLElement));
const wall = byId("set", HTMLElement);
const tray = new LimnerTrayElement();

/** @type {SetOnWall | null} */
let shown = null;

const commission = new Commission(generate);
const tools = new Tools({
  stop: () => void ask((id) => client.cancel(id)),
  retry: () => void ask((id) => client.retry(id)),
  generate: () => commission.press(),
});

const memory = new KeepMemory(storageOfTab(), newJobId);
const keep = new KeepForm(new Worlds(), memory, () => shown?.members ?? []);

/**
 * Shows what the address says. Nothing is ever submitted from here.
 *
 * @param {Brief | null} submitted
 */
function follow(submitted = null) {
  const { set, repainted } = parseFragment(location.hash);
  if (shown !== null && shown.id === set) return shown.repaint(repainted);
  shown?.close();
  shown = null;
  tools.reset();
  keep.reset(set);
  wall.hidden = set === null;
  document.body.dataset["view"] = set === null ? "empty" : "set";
  if (set === null) {
    document.title = titleOf(null, 0);
    return;
  }
  shown = new SetOnWall(client, set, { submitted, repainted }, announcer, {
    onRepaint: keepRepainted,
    onBrief: (brief) => submitted ?? commission.fill(brief),
    onScene: (scene, known) => {
      tools.show(scene);
      keep.show(scene, known);
    },
    isTold: (portrait) => tray.tells(portrait),
  });
}

/**
 * Puts the new set into the address, shows it, and only then asks for it.
 *
 * @param {Brief & {count: number}} brief
 */
async function generate(brief) {
  const before = location.href;
  const id = newJobId();
  history.pushState(null, "", formatFragment({ set: id, repainted: new Map() }));
  follow(brief);
  announcer.say(`Writing ${brief.count === 1 ? "one character" : `${brief.count} characters`}…`);
  const theme = brief.theme === "" ? {} : { theme: brief.theme };
  try {
    const metadata = { ...brief, name: headingOf(brief.theme) };
    await client.submit("characters", { id, count: brief.count, ...theme, metadata });
    return true;
  } catch (error) {
    if (!(error instanceof LimnerError)) throw error;
    if (shown?.id === id) history.replaceState(null, "", before);
    follow();
    commission.refuse(error);
    return false;
  }
}

/**
 * @param {number} place
 * @param {string} portrait
 */
function keepRepainted(place, portrait) {
  const address = parseFragment(location.hash);
  const repainted = new Map(address.repainted).set(place, portrait);
  history.replaceState(null, "", formatFragment({ ...address, repainted }));
}

/** @param {(id: string) => Promise<unknown>} call */
async function ask(call) {
  try {
    if (shown !== null) await call(shown.id);
  } catch (error) {
    if (!(error instanceof LimnerError)) throw error;
    tools.refuse(error.message);
  }
}

/**
 * @param {Job} job
 * @param {string} set  the `characters` job that it belongs to, or empty
 */
function addressOf(job, set) {
  if (job.kind === "characters") return formatFragment({ set: job.id, repainted: new Map() });
  if (shown?.hangs(job.id)) return location.hash;
  if (set !== "") return formatFragment({ set, repainted: new Map() });
  const url = job.result?.url;
  return url === undefined ? null : client.resolve(url);
}

tray.client = client;
tray.hrefOf = addressOf;
tray.toggleAttribute("tab", true);
tray.addEventListener("limner-tray-visit", (event) => {
  if (event instanceof CustomEvent && shown?.show(event.detail.job)) event.preventDefault();
});
tray.toggleAttribute("docked", true);
find(document, ".masthead", HTMLElement).append(tray);
window.addEventListener("hashchange", () => follow());
showConnection(client, byId("connection", HTMLElement));
follow();
