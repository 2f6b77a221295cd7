export { CloseCode } from "./codes.js";
export { createClient } from "./client.js";
export { LimnerError } from "./errors.js";
export { newJobId, parseJobId } from "./ids.js";
export { isFinal } from "./records.js";
