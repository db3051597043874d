// Moving a card by the form behind its menu.

import { openDialog } from "../page/dialogs.js"
import { closest, find, make } from "../page/dom.js"
import { request } from "../page/requests.js"
import { retryToast, toast } from "../page/toasts.js"
import { catchUp } from "../realtime/connection.js"
import { isLost } from "../realtime/refusals.js"
import { board } from "./cards.js"
import { askToMove } from "./moves.js"

/** @param {HTMLAnchorElement} link */
async function openMoveForm(link) {
  const answer = await request(link.href)
  const isPage = answer.status === 200 && !answer.isJson
  /** @type {HTMLFormElement | null} */
  const form = isPage ? find(new DOMParser().parseFromString(answer.body, "text/html"), ".move-form") : null
  if (!form) return location.assign(link.href)
  const name = link.ariaLabel ?? ""
  const title = make("h2", { className: "sheet__title", textContent: name })
  const dialog = make("dialog", { className: "sheet", ariaLabel: name }, title, form)
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const fields = /** @type {Record<string, string>} */ (Object.fromEntries(new FormData(form)))
    await move(form.action, fields)
    dialog.close()
  })
  openDialog(dialog)
}

/**
 * @param {string} url
 * @param {Record<string, string>} fields
 */
async function move(url, fields) {
  const refusal = await askToMove(url, fields)
  if (!refusal) return
  if (!isLost(refusal)) return toast(refusal.message)
  catchUp()
  retryToast(url, refusal.message, () => move(url, fields))
}

board.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest(event, ".card__move")
  if (!link || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  openMoveForm(link)
})
