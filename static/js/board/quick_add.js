// Adding tasks by their title alone, as fast as one types.

import { all, closest, elementOf, fieldOf, find, isOn } from "../page/dom.js"
import { dismissRetry, retryToast, toast } from "../page/toasts.js"
import { boardWords as words } from "../page/words.js"
import { change, changeInTurn } from "../realtime/change.js"
import { catchUp } from "../realtime/connection.js"
import { opsLeftOut } from "../realtime/elements.js"
import { isLost } from "../realtime/refusals.js"
import { board, columnWith, listOf } from "./cards.js"
import { queue } from "./moves.js"
import { sayWhere, showOwn } from "./placed_cards.js"
import { focusTitle } from "./shortcuts.js"

/** @typedef {{url: string, column: string, title: string}} Wish */

/** @param {Wish} wish */
async function add(wish) {
  const { url, column, title } = wish
  const before = titledAlike(wish)
  const isThere = () => titledAlike(wish).find((id) => !before.includes(id))
  dismissRetry(keyOf(wish))
  const refusal = await changeInTurn(queue, () => change(url, { title, column }))
  if (!refusal) return
  const made = isLost(refusal) && (await catchUp()) && isThere()
  if (made) return tellMade(made)
  putBack(titleField(column), title)
  if (!isLost(refusal)) return toast(`${title}: ${refusal.message}`)
  retryToast(keyOf(wish), `${title}: ${refusal.message}`, () => {
    const now = titleField(column)
    if (now?.value === title) now.value = ""
    if (!isThere()) add(wish)
  })
}

/** It was made after all. @param {string} id */
function tellMade(id) {
  showOwn(id)
  sayWhere(id, words.added)
  document.getElementById(id)?.scrollIntoView({ block: "nearest", inline: "nearest" })
}

/** @param {Wish} wish */
const keyOf = ({ column, title }) => `add ${column} ${title}`

/** @param {string} column @returns {HTMLInputElement | null} */
const titleField = (column) => find(board, `[data-column="${column}"] .quick-add__title`)

/** Where nothing else is being typed; selected, so that what is typed next replaces it instead of following it.
 * @param {HTMLInputElement | null} field @param {string} title */
function putBack(field, title) {
  if (!field || field.value) return
  field.value = title
  if (document.activeElement === field) field.select()
}

/** The cards of the column that have this title, also those that it does not show. @param {Wish} wish */
function titledAlike({ column, title }) {
  const element = columnWith(column)
  const shown = all(board, `[data-column="${column}"] li[id^='task-']`)
  const leftOut = element ? opsLeftOut(listOf(element)) : []
  return [
    ...shown.filter((card) => hasTitle(card, title)).map(({ id }) => id),
    ...leftOut.filter(({ html = "" }) => hasTitle(elementOf(html), title)).map(({ id = "" }) => id),
  ]
}

/**
 * @param {HTMLElement} card
 * @param {string} title
 */
const hasTitle = (card, title) => find(card, ".card__link")?.textContent === title

board.addEventListener("submit", (event) => {
  /** @type {HTMLFormElement | null} */
  const form = closest(event, ".quick-add")
  if (!form) return
  event.preventDefault()
  /** @type {HTMLInputElement} */
  const field = fieldOf(form, "title")
  const title = field.value.trim()
  if (!title) return
  field.value = ""
  /** @type {HTMLInputElement} */
  const column = fieldOf(form, "column")
  add({ url: form.action, column: column.value, title })
})

board.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && isOn(event, ".quick-add__title")) /** @type {HTMLElement} */ (event.target).blur()
})

board.addEventListener("click", (event) => {
  if (!closest(event, "[data-quick-add]")) return
  event.preventDefault()
  focusTitle(null)
})
