// The focus stays where it was when elements are moved or drawn anew.

import { all, find } from "../page/dom.js"

/** @param {Node | null | undefined} element @returns {HTMLElement | null} */
export const focusIn = (element) =>
  element?.contains(document.activeElement) ? /** @type {HTMLElement | null} */ (document.activeElement) : null

/**
 * What stands in the new element for what had the focus in the old one; inside a menu, what opens it.
 * @param {HTMLElement} focused
 * @param {HTMLElement} fresh
 */
export function twinOf(focused, fresh) {
  const wanted = focused.closest("details")?.querySelector("summary") ?? focused
  return all(fresh, wanted.tagName).find((each) => signOf(each) === signOf(wanted))
}

/** @param {HTMLElement} control */
function signOf(control) {
  const name = control.getAttribute("name") ?? ""
  return [name, control.ariaLabel ?? (control.matches("select") ? "" : control.textContent?.trim())].join()
}

/**
 * Moving an element in the page takes its focus away; give it back, with the half-typed text where it was.
 * @param {HTMLElement} item
 * @param {() => void} change
 */
export function keepingFocus(item, change) {
  const focused = focusIn(item)
  const wasCard = focused?.matches(".card__link")
  change()
  if (!focused || document.activeElement === focused) return
  const again = focused.isConnected ? focused : wasCard && find(item, ".card__link")
  if (again) again.focus({ preventScroll: true })
}
