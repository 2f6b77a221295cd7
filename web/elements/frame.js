/** The shadow tree of a portrait: what is in it, and how a view is put into it. */

/** @import { View } from "./view.js" */
/** @import { Words } from "./words.js" */
import { html, setAttribute, showText, svg } from "./dom.js";

export class Frame {
  #previews = html("div", { part: "preview", class: "fill previews", "aria-hidden": "true" });
  #picture = html("div", { class: "fill" });
  #percent = html("span", { class: "percent", "aria-hidden": "true" });
  #ring = html("div", { part: "ring", class: "ring", role: "progressbar", "aria-valuemin": "0", "aria-valuemax": "100" });
  #line = html("p", { part: "line", class: "line" });
  #detail = html("span", { part: "detail" });
  #timeLeft = html("span", { part: "time-left", class: "time" });
  #more = html("p", { class: "more" }, this.#detail, this.#timeLeft);
  #note = html("p", { part: "note", class: "note" });
  #connection = html("p", { part: "connection", class: "note" });
  #label = html("div", { part: "label", class: "label" });
  #live = html("p", { role: "status", class: "aside" });
  #preview = "";

  button = html("button", { part: "button", type: "button" });
  root = html("div", { part: "frame", class: "frame", tabindex: "-1" });

  constructor() {
    this.#ring.append(ringDrawing(), this.#percent);
    const text = html("div", { class: "text" }, this.#line, this.#more, this.#note, this.#connection);
    this.#label.append(this.#ring, text, this.button);
    this.root.append(sitter(), this.#previews, this.#picture, this.#label, this.#live);
  }

  /**
   * @param {View} view
   * @param {Words} words
   * @param {string} alt
   */
  show(view, words, alt) {
    showText(this.#line, view.line);
    showText(this.#detail, view.detail);
    showText(this.#timeLeft, view.timeLeft);
    this.#more.hidden = this.#detail.hidden && this.#timeLeft.hidden;
    showText(this.#note, view.note);
    showText(this.#connection, view.connection);
    this.#showProgress(view, words, alt);
    const focused = this.button.matches(":focus");
    showText(this.button, view.action === null ? null : words[view.action]);
    if (focused && this.button.hidden) this.root.focus({ preventScroll: true });
    this.#label.hidden = view.line === null && view.connection === null;
    this.#previews.style.setProperty("--coarse", String(view.coarseness));
    if (view.preview !== null) void this.#crossFade(view.preview);
  }

  /**
   * Puts a decoded picture over everything else.
   *
   * @param {HTMLImageElement} image
   * @param {string} alt
   */
  showPicture(image, alt) {
    image.alt = alt;
    image.className = "picture";
    image.setAttribute("part", "picture");
    this.#picture.replaceChildren(image);
  }

  /** @param {string} alt */
  renamePicture(alt) {
    const image = this.#picture.querySelector("img");
    if (image !== null) image.alt = alt;
  }

  /** Back to the empty canvas. */
  clear() {
    this.#picture.replaceChildren();
    this.#previews.replaceChildren();
    this.#preview = "";
    this.#live.textContent = "";
  }

  /** @param {string} sentence */
  announce(sentence) {
    this.#live.textContent = sentence;
  }

  /**
   * @param {View} view
   * @param {Words} words
   * @param {string} alt
   */
  #showProgress(view, words, alt) {
    this.#ring.hidden = !view.waiting || view.line === null;
    const { percent } = view;
    setAttribute(this.#ring, "aria-label", `${words.generating} ${alt}`);
    setAttribute(this.#ring, "aria-valuenow", percent === null ? null : String(percent));
    const spoken = [percent === null ? null : words.percent(percent), view.detail, view.timeLeft];
    setAttribute(this.#ring, "aria-valuetext", spoken.filter((part) => part !== null).join(", ") || null);
    this.#ring.classList.toggle("unmeasured", percent === null);
    this.#ring.style.setProperty("--percent", String(percent ?? 0));
    showText(this.#percent, percent === null ? null : String(percent));
  }

  /**
   * A preview fades in over the one before it; those below are no longer seen.
   *
   * @param {string} preview
   */
  async #crossFade(preview) {
    if (preview === this.#preview) return;
    this.#preview = preview;
    const layer = html("img", { alt: "", class: "layer", src: preview });
    try {
      await layer.decode();
    } catch {
      return; // left out; the next one comes soon
    }
    if (this.#preview !== preview) return;
    while (this.#previews.children.length > 1) this.#previews.firstElementChild?.remove();
    this.#previews.append(layer);
  }
}

function ringDrawing() {
  const circle = { cx: "20", cy: "20", r: "17", pathLength: "100" };
  return svg(
    "svg",
    { viewBox: "0 0 40 40", "aria-hidden": "true" },
    svg("circle", { ...circle, class: "track" }),
    svg("circle", { ...circle, class: "arc" }),
  );
}

/** A few pencil lines of somebody who sits for the picture: the skeleton. */
function sitter() {
  const lines = [
    "M38 47c-1-15 5-23 13-23s14 8 13 22c-1 12-7 19-13 19s-12-7-13-18z",
    "M36 45c-3-15 4-26 16-26 11 0 17 9 14 24",
    "M44 62c0 6-1 9-4 11-9 4-19 7-23 27M58 62c0 6 1 9 4 11 9 4 18 7 22 27",
    "M40 73c5 6 17 6 22 0M51 28v36M39 44c8 2 17 2 25 0",
  ];
  const paths = lines.map((d, index) => svg("path", { d, class: index === 3 ? "guide" : "stroke" }));
  return svg("svg", { viewBox: "0 0 100 100", part: "sitter", class: "fill sitter", "aria-hidden": "true" }, ...paths);
}
