// Dialogs that scripts put on the page.

import { closest } from "./dom.js"

/** Show `dialog`, and take it away when it is closed. @param {HTMLDialogElement} dialog */
export function openDialog(dialog) {
  document.body.append(dialog)
  dialog.addEventListener("close", () => dialog.remove())
  dialog.showModal()
}

document.addEventListener("click", (event) => {
  /** @type {HTMLDialogElement | null | undefined} */
  const dialog = closest(event, "[data-close]")?.closest("dialog")
  if (!dialog) return
  event.preventDefault()
  dialog.close()
})
