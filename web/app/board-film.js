import { html, setAttribute, svg } from "../elements/dom.js";
import { near } from "./near.js";

const STILL = "M6 5h20v22H6zM6 22l6-6 5 4 4-3 5 5M19 12a1 1 0 1 0 2 0a1 1 0 1 0-2 0";
const MOVING = "M10 6l16 10-16 10z";

/**
 * The video over a picture: it plays by itself, without sound and again and again, and gives way to the picture on request,
 * or where the picture is what hangs.
 * For those who want nothing to move it waits, with controls, until it is asked for.
 */
export class Film {
  element = html("div", { class: "layer film" });
  toggle = html("button", { type: "button", class: "toggle" });
  /** It is there, and did not arrive here. */
  lost = false;
  #reduced = matchMedia("(prefers-reduced-motion: reduce)");
  #leads = true;
  /** @type {boolean | null} */
  #wanted = null;
  /** @type {string | null} */
  #path = null;
  #poster = "";
  #name = "";
  #life = new AbortController();
  #loading = new AbortController();
  /** @type {HTMLVideoElement | null} */
  #video = null;
  /** @type {"still" | "waiting" | "moving" | null} */
  #mode = null;
  #resolve;
  #news;

  /**
   * @param {(path: string) => string} resolve
   * @param {{onShown: () => void, onChange: () => void}} news
   */
  constructor(resolve, news) {
    this.#resolve = resolve;
    this.#news = news;
    this.toggle.addEventListener("click", () => this.prefer(!this.#isWanted));
    this.#reduced.addEventListener("change", () => this.#render(), { signal: this.#life.signal });
    this.#render();
  }

  /**
   * @param {string | null} path
   * @param {string | null} poster  a picture to show before it plays
   * @param {string} name           of the character
   */
  show(path, poster, name) {
    this.#name = name;
    if (path === this.#path) return this.#render();
    this.#path = path;
    this.#wanted = null;
    this.#poster = poster ?? "";
    if (path !== null) return this.reload();
    this.#loading.abort();
    this.#hang(null);
  }

  /**
   * Which of both hangs, unless a person would rather see the other one.
   *
   * @param {boolean} leads  the video, and not the picture
   */
  lead(leads) {
    if (leads === this.#leads) return;
    this.#leads = leads;
    this.prefer(null);
  }

  /**
   * As if its button had been pressed, until there is another one.
   *
   * @param {boolean | null} wanted  or the picture; null takes back what was wanted before
   */
  prefer(wanted) {
    this.#wanted = wanted;
    this.#render();
  }

  reload() {
    this.#loading.abort();
    this.#loading = new AbortController();
    this.lost = false;
    void this.#load(this.#path ?? "", this.#loading.signal);
  }

  close() {
    this.#life.abort();
    this.#loading.abort();
    this.#hang(null);
  }

  get #isWanted() {
    return this.#wanted ?? (this.#leads && !this.#reduced.matches);
  }

  /**
   * @param {string} path
   * @param {AbortSignal} signal
   */
  async #load(path, signal) {
    await near(this.element.parentElement ?? this.element, signal);
    const video = html("video", { loop: "", playsinline: "", preload: "auto" });
    video.muted = true; // the attribute alone does not count for what a script makes
    if (this.#poster !== "") video.poster = this.#resolve(this.#poster);
    const ended = new Promise((resolve) => {
      for (const event of ["loadeddata", "error"]) video.addEventListener(event, () => resolve(event), { signal });
    });
    video.src = this.#resolve(path);
    const arrived = (await ended) === "loadeddata";
    this.lost = !arrived;
    if (arrived) this.#hang(video);
    if (arrived) this.#news.onShown();
    this.#news.onChange();
  }

  /** @param {HTMLVideoElement | null} video */
  #hang(video) {
    this.#video?.pause();
    this.#video = video;
    this.#mode = null;
    this.element.replaceChildren(...(video === null ? [] : [video]));
    this.#render();
  }

  #render() {
    const video = this.#video;
    this.toggle.hidden = video === null;
    if (video === null) return;
    const shown = this.#isWanted;
    this.element.hidden = !shown;
    setAttribute(video, "aria-label", `The video of ${this.#name}`);
    setAttribute(this.toggle, "aria-label", shown ? `Show the portrait of ${this.#name}` : `Show the video of ${this.#name}`);
    this.#draw(shown ? STILL : MOVING);
    this.#play(video, !shown ? "still" : this.#reduced.matches ? "waiting" : "moving");
  }

  /**
   * Only when that changes: otherwise it is the person's who uses the controls.
   *
   * @param {HTMLVideoElement} video
   * @param {"still" | "waiting" | "moving"} mode
   */
  #play(video, mode) {
    if (mode === this.#mode) return;
    this.#mode = mode;
    video.controls = mode === "waiting";
    video.autoplay = mode === "moving";
    if (mode === "moving") void video.play().catch(() => (video.controls = true));
    else video.pause();
  }

  /** @param {string} d */
  #draw(d) {
    if (this.toggle.querySelector("path")?.getAttribute("d") === d) return;
    this.toggle.replaceChildren(svg("svg", { viewBox: "0 0 32 32", "aria-hidden": "true" }, svg("path", { d })));
  }
}
