const CANONICAL = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

/**
 * A new version 4 UUID. `crypto.randomUUID` exists in secure contexts only, and a page opened from a phone in the same
 * network is none; `getRandomValues` is everywhere.
 */
export function newJobId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/**
 * The canonical form of a job's id, or null where `text` is none.
 *
 * @param {string} text
 */
export function parseJobId(text) {
  const lowered = text.toLowerCase();
  return CANONICAL.test(lowered) ? lowered : null;
}
