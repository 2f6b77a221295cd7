/** @import { ListedWorld } from "../../../../web/app/world-calls.js" */

/**
 * @param {Partial<ListedWorld>} [fields]
 * @returns {ListedWorld}
 */
export function world(fields = {}) {
  return {
    id: "w1",
    name: "The night market",
    created_at: "2026-11-20T10:00:00.000Z",
    characters: 3,
    portraits: 3,
    videos: 0,
    cover: null,
    ...fields,
  };
}
