/** @import { Strip, StripAction } from "./board-stage.js" */
/** @import { MediaKind } from "./world-calls.js" */
import { html, setAttribute, showText, svg } from "../elements/dom.js";
import { ACTIONS } from "./board-stage.js";

/** The band over a frame that tells of the portrait, or the video, that is not there: how far it is, or why there is none. */
export class StripView {
  #percent = html("span", { class: "percent", "aria-hidden": "true" });
  #ring = html("span", { class: "ring", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
  #preview = html("img", { class: "preview", alt: "" });
  #line = html("p", { class: "line" });
  #detail = html("p", { class: "detail" });
  #button = html("button", { type: "button" });
  #kind;
  /** @type {StripAction | null} */
  #action = null;

  element;

  /**
   * @param {MediaKind} kind
   * @param {(action: StripAction) => void} act
   */
  constructor(kind, act) {
    this.#kind = kind;
    this.#preview.hidden = true;
    this.#ring.append(ringDrawing(), this.#percent);
    const words = html("div", { class: "words" }, this.#line, this.#detail);
    this.element = html("div", { class: `strip ${kind}` }, this.#preview, this.#ring, words, this.#button);
    this.element.hidden = true;
    this.#button.addEventListener("click", () => this.#action !== null && act(this.#action));
  }

  /**
   * @param {Strip | null} strip
   * @param {string} name  of the character
   */
  show(strip, name) {
    this.element.hidden = strip === null;
    setAttribute(this.element, "data-stage", strip?.stage ?? null);
    showText(this.#line, strip?.line ?? null);
    showText(this.#detail, strip?.detail ?? null);
    this.#showProgress(strip);
    this.#showPreview(strip?.preview ?? null);
    this.#action = strip?.action ?? null;
    const label = this.#action === null ? null : ACTIONS[this.#kind][this.#action];
    showText(this.#button, label);
    setAttribute(this.#button, "aria-label", label === null ? null : `${label}: ${this.#kind} of ${name}`);
  }

  /** @param {Strip | null} strip */
  #showProgress(strip) {
    const moving = strip !== null && ["waiting", "making", "arriving"].includes(strip.stage);
    this.#ring.hidden = !moving;
    if (!moving) return;
    const { percent, line, detail } = strip;
    setAttribute(this.#ring, "aria-label", line);
    setAttribute(this.#ring, "aria-valuenow", percent === null ? null : String(percent));
    const spoken = [percent === null ? null : `${percent} %`, detail].filter((part) => part !== null).join(", ");
    setAttribute(this.#ring, "aria-valuetext", spoken || null);
    this.#ring.classList.toggle("unmeasured", percent === null);
    this.#ring.style.setProperty("--percent", String(percent ?? 0));
    showText(this.#percent, percent === null ? null : String(percent));
  }

  /** @param {string | null} preview */
  #showPreview(preview) {
    this.#preview.hidden = preview === null;
    if (preview === null) this.#preview.removeAttribute("src");
    else setAttribute(this.#preview, "src", preview);
  }
}

function ringDrawing() {
  const circle = { cx: "20", cy: "20", r: "17", pathLength: "100" };
  const circles = ["track", "arc"].map((name) => svg("circle", { ...circle, class: name }));
  return svg("svg", { viewBox: "0 0 40 40", "aria-hidden": "true" }, ...circles);
}
