import { createClient } from "../client/index.js";

/** @import { Client } from "../client/types.js" */

/** @type {Client | null} */
let shared = null;

/** The client of every element that was given none: one connection for the whole page, made when first needed. */
export function sharedClient() {
  shared ??= createClient();
  return shared;
}
