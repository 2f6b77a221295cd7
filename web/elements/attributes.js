/** The attributes a page sets on a portrait, reflected as properties. */
export class PortraitAttributes extends HTMLElement {
  /** The job's id. */
  get job() {
    return this.getAttribute("job") ?? "";
  }

  set job(id) {
    this.setAttribute("job", id);
  }

  /** What the picture shows, for those who do not see it. */
  get alt() {
    return this.getAttribute("alt") ?? "";
  }

  set alt(text) {
    this.setAttribute("alt", text);
  }

  /** The page itself tells what happens: the element announces nothing and is silent about the connection. */
  get quiet() {
    return this.hasAttribute("quiet");
  }

  set quiet(on) {
    this.toggleAttribute("quiet", on);
  }
}
