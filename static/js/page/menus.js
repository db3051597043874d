// Menus close by themselves: by a click elsewhere, and by Escape.

import { all, closest, one } from "./dom.js"

/** @param {Event} event */
function closeOthers(event) {
  /** @type {HTMLDetailsElement[]} */
  const open = all(document, "details.menu[open]")
  for (const menu of open) if (!menu.contains(/** @type {Node} */ (event.target))) menu.open = false
}

document.addEventListener("click", closeOthers)
document.addEventListener("keydown", (event) => {
  /** @type {HTMLDetailsElement | null} */
  const menu = event.key === "Escape" ? closest(event, "details.menu[open]") : null
  if (!menu) return
  menu.open = false
  one(menu, "summary").focus()
  event.preventDefault() // it is used up: what the menu lies in stays open
})
