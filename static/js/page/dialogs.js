// Dialogs that scripts put on the page.

import { closest, make } from "./dom.js"
import { hasUnsaved } from "./unsaved.js"
import { pageWords as words } from "./words.js"

/** Show `dialog`, and take it away when it is closed. @param {HTMLDialogElement} dialog */
export function openDialog(dialog) {
  document.body.append(dialog)
  dialog.addEventListener("close", () => dialog.remove())
  dialog.addEventListener("cancel", (event) => keepWords(event, dialog))
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) keepWords(event, dialog)
  })
  dialog.showModal()
}

/** Have `discard` done, once it is known that the words in `root` are not wanted. @param {ParentNode} root @param {() => void} discard */
export function askToDiscard(root, discard) {
  if (!hasUnsaved(root)) return discard()
  const before = /** @type {HTMLElement | null} */ (document.activeElement)
  const yes = make("button", { type: "button", className: "button button--ink", textContent: words.discard })
  const no = make("button", { type: "button", className: "button button--quiet", textContent: words.cancel })
  const title = make("h2", { className: "sheet__title", textContent: words.ask_discard })
  const dialog = make("dialog", { className: "sheet", ariaLabel: words.ask_discard }, title)
  dialog.append(make("p", { className: "form__actions" }, yes, " ", no))
  yes.onclick = () => {
    dialog.close()
    discard()
  }
  no.onclick = () => dialog.close()
  dialog.addEventListener("close", () => before?.isConnected && before.focus())
  openDialog(dialog)
  no.focus()
}

/** @param {Event} event @param {HTMLDialogElement} dialog */
function keepWords(event, dialog) {
  event.preventDefault()
  askToDiscard(dialog, () => dialog.close())
}

document.addEventListener("click", (event) => {
  /** @type {HTMLDialogElement | null | undefined} */
  const dialog = closest(event, "[data-close]")?.closest("dialog")
  if (!dialog) return
  event.preventDefault()
  dialog.close()
})
