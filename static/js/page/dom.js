// Finding and making elements, with types.

/**
 * The first element in `root` that `selector` matches.
 * @template {HTMLElement} T
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T | null}
 */
export const find = (root, selector) => root.querySelector(selector)

/**
 * The element in `root` that `selector` matches; the templates promise that it is there.
 * @template {HTMLElement} T
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T}
 */
export function one(root, selector) {
  /** @type {T | null} */
  const found = root.querySelector(selector)
  if (!found) throw new Error(`Nothing matches ${selector}`)
  return found
}

/**
 * @template {HTMLElement} T
 * @param {ParentNode} root
 * @param {string} selector
 * @returns {T[]}
 */
export const all = (root, selector) => [.../** @type {NodeListOf<T>} */ (root.querySelectorAll(selector))]

/** @param {Element} element */
export const childrenOf = (element) => /** @type {HTMLElement[]} */ ([...element.children])

/**
 * The element at or around what `event` happened to that `selector` matches.
 * @template {HTMLElement} T
 * @param {Event} event
 * @param {string} selector
 * @returns {T | null}
 */
export const closest = (event, selector) => (event.target instanceof Element ? event.target.closest(selector) : null)

/**
 * @param {Event} event
 * @param {string} selector
 */
export const isOn = (event, selector) => event.target instanceof Element && event.target.matches(selector)

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Partial<HTMLElementTagNameMap[K]>} properties
 * @param {...(Node | string)} content
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, properties, ...content) {
  const element = Object.assign(document.createElement(tag), properties)
  element.append(...content)
  return element
}

/**
 * The first element of `html`, which the server has made.
 * @param {string} html
 */
export function elementOf(html) {
  const template = document.createElement("template")
  template.innerHTML = html.trim()
  return /** @type {HTMLElement} */ (template.content.firstElementChild)
}

/**
 * What a `json_script` of the page holds; {} when the page has none of that name.
 * @param {string} id
 */
export const jsonIn = (id) => JSON.parse(document.getElementById(id)?.textContent ?? "{}")

/** A click that no other script has handled and that opens no new tab or window. @param {MouseEvent} event */
export const isPlainClick = (event) =>
  !(event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)

/** The form's control called `name`. @template {HTMLElement} T @param {HTMLFormElement} form @param {string} name @returns {T} */
export const fieldOf = (form, name) => /** @type {T} */ (form.elements.namedItem(name))
