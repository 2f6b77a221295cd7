/** The Library's page: the composition of its parts. */

import { createClient } from "../client/index.js";
import { LimnerTrayElement } from "../elements/define.js";
import { Announcer } from "./announce.js";
import { showConnection } from "./connection.js";
import { formatFragment } from "./fragment.js";
import { Library } from "./library.js";
import { byId, find } from "./page.js";
import { Worlds } from "./world-calls.js";

const root = new URL("../../", import.meta.url).href;
const library = new Library(new Worlds(root), new Announcer(byId("live", HTMLElement)));

const tray = new LimnerTrayElement();
const { hrefOf } = tray;
const client = createClient({ url: root });
tray.client = client;
tray.toggleAttribute("tab", true);
tray.hrefOf = (job, set) => {
  const shown = job.kind === "characters" ? job.id : set;
  return shown === "" ? hrefOf.call(tray, job, set) : root + formatFragment({ set: shown, repainted: new Map() });
};
tray.toggleAttribute("docked", true);
find(document, ".masthead", HTMLElement).append(tray);
showConnection(client, byId("connection", HTMLElement));

document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void library.look();
});
window.addEventListener("pageshow", ({ persisted }) => {
  if (persisted) void library.look();
});
void library.look();
