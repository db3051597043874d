// Moving a card by the form behind its menu.

/** @import { Refusal } from "../realtime/refusals.js" */
import { openDialog } from "../page/dialogs.js"
import { closest, find, make } from "../page/dom.js"
import { request } from "../page/requests.js"
import { retryToast, toast } from "../page/toasts.js"
import { boardWords as words } from "../page/words.js"
import { catchUp } from "../realtime/connection.js"
import { isLost } from "../realtime/refusals.js"
import { board } from "./cards.js"
import { askToMove } from "./moves.js"
import { sayWhere, showOwn } from "./placed_cards.js"

/** @typedef {{id: string, url: string, fields: Record<string, string>}} Wish */

/** @param {HTMLAnchorElement} link */
async function openMoveForm(link) {
  const id = link.closest("li")?.id ?? ""
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
    const refusal = await askToMove(form.action, fields)
    dialog.close()
    if (refusal) tellRefusal(refusal, { id, url: form.action, fields })
  })
  openDialog(dialog)
}

/**
 * @param {Refusal} refusal
 * @param {Wish} wish
 */
async function tellRefusal(refusal, wish) {
  const isKnown = await catchUp()
  showOwn(wish.id)
  if (isLost(refusal)) retryToast(wish.url, refusal.message, () => moveAgain(wish))
  else toast(refusal.message)
  sayWhere(wish.id, isLost(refusal) ? (isKnown ? words.now_at : words.maybe_moved) : words.not_moved)
}

/** @param {Wish} wish */
async function moveAgain(wish) {
  const refusal = await askToMove(wish.url, wish.fields)
  if (refusal) tellRefusal(refusal, wish)
}

board.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest(event, ".card__move")
  if (!link || event.ctrlKey || event.metaKey) return
  event.preventDefault()
  openMoveForm(link)
})
