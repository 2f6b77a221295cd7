/** @import { Character } from "../../../../web/client/types.js" */

/**
 * @param {Partial<Character>} [fields]
 * @returns {Character}
 */
export function character(fields = {}) {
  return {
    id: "c1",
    name: "Ysolde Quillfeather",
    race: "half-elf",
    class: "archivist",
    traits: ["wry"],
    stats: { strength: 8, agility: 12, intellect: 17, willpower: 11, charm: 9, luck: 4 },
    backstory: "She keeps the tide-ledgers.",
    appearance: "grey eyes, a green coat",
    portrait: "7f3c2a10-9d5e-4b6f-8a21-0c1d2e3f4a5b",
    ...fields,
  };
}
