/** @import { Client } from "../client/types.js" */
import { RECONNECTING_MS, connectionLine } from "../elements/view.js";
import { words } from "../elements/words.js";

/**
 * The one quiet place that tells when the connection is missing for more than a moment.
 *
 * @param {Client} client
 * @param {HTMLElement} place
 */
export function showConnection(client, place) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const show = () => {
    clearTimeout(timer);
    const now = Date.now();
    const { lostAt } = client.connection.snapshot();
    place.textContent = connectionLine({ lostAt, now }, words());
    if (lostAt !== null && place.textContent === "") timer = setTimeout(show, lostAt + RECONNECTING_MS - now);
  };
  client.connection.subscribe(show);
  show();
}
