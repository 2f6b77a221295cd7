export { LimnerPortraitElement } from "./limner-portrait.js";
export { LimnerTrayElement } from "./limner-tray.js";
export { sharedClient } from "./shared-client.js";
export { defaultWords, setWords } from "./words.js";
