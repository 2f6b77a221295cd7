/**
 * The element of the page with this id.
 *
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 */
export function byId(id, type) {
  return expect(document.getElementById(id), type, `#${id}`);
}

/**
 * @template {HTMLElement} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 */
export function find(root, selector, type) {
  return expect(root.querySelector(selector), type, selector);
}

/**
 * A copy of what is in a template.
 *
 * @param {string} id
 */
export function stamp(id) {
  const copy = document.importNode(byId(id, HTMLTemplateElement).content, true);
  return find(copy, "li", HTMLLIElement);
}

/**
 * @template {HTMLElement} T
 * @param {Element | null} element
 * @param {new () => T} type
 * @param {string} name
 */
function expect(element, type, name) {
  if (element instanceof type) return element;
  throw new TypeError(`the page has no ${type.name} ${name}`);
}
