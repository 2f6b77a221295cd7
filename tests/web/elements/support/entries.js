/** @import { Entry } from "../../../../web/elements/tray/news.js" */

/**
 * @param {Partial<Entry>} [fields]
 * @returns {Entry}
 */
export const entry = (fields = {}) => ({
  label: "",
  set: "",
  told: null,
  version: 0,
  dismissed: false,
  at: 1_000,
  ...fields,
});
