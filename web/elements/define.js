import { LimnerPortraitElement } from "./limner-portrait.js";

LimnerPortraitElement.define();

export { LimnerPortraitElement };
