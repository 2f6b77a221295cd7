import { LimnerPortraitElement } from "./limner-portrait.js";
import { LimnerTrayElement } from "./limner-tray.js";

LimnerPortraitElement.define();
LimnerTrayElement.define();

export { LimnerPortraitElement, LimnerTrayElement };
