export { LimnerPortraitElement } from "./limner-portrait.js";
export { sharedClient } from "./shared-client.js";
export { defaultWords, setWords } from "./words.js";
