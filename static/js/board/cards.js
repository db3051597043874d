// Columns and cards as they stand on the page.

import { all, childrenOf, find, one } from "../page/dom.js"
import { putByRank } from "../realtime/elements.js"
import { isGap } from "../realtime/gaps.js"
import { release } from "../realtime/live.js"
import { anchorsOf, placeAmong } from "./anchors.js"

/** @typedef {{list: HTMLElement, next: Element | null}} Place */

export const board = one(document, ".board[data-project]")
export const canWrite = "canWrite" in board.dataset

export const columns = () => all(board, "[data-column]")
/** @param {HTMLElement} item */
export const columnOf = (item) => /** @type {HTMLElement} */ (item.closest("[data-column]"))
/** @param {HTMLElement} column */
export const listOf = (column) => one(column, ".column__list")
/** @param {HTMLElement} list */
export const cardsOf = (list) => childrenOf(list).filter((item) => item.id.startsWith("task-"))
/** @param {HTMLElement} item */
export const linkOf = (item) => one(item, ".card__link")
/** @param {HTMLElement} item */
export const titleOf = (item) => linkOf(item).textContent ?? ""
/** @param {HTMLElement} item */
export const listAround = (item) => /** @type {HTMLElement} */ (item.parentElement)
/** @param {HTMLElement} list */
export const footOf = (list) => find(list, ":scope > .column__more, :scope > .column__none")
/** @param {string} key */
export const columnWith = (key) => columns().find((column) => column.dataset.column === key)

/** The card's key. @param {HTMLElement} item */
export const keyOf = (item) => item.id.slice("task-".length)
/** The cards of a list and its gaps. @param {HTMLElement} list */
export const entriesOf = (list) => childrenOf(list).filter((item) => isGap(item) || item.id.startsWith("task-"))
/** Their keys, "" for a gap. @param {HTMLElement} list */
export const keysOf = (list) => entriesOf(list).map((item) => (isGap(item) ? "" : keyOf(item)))

/** Where a card stands, in the words of a move. @param {HTMLElement} item */
export function wishOf(item) {
  return { to: columnOf(item).dataset.column ?? "", ...anchorsOf(keysOf(listAround(item)), keyOf(item)) }
}

/** @param {HTMLElement} item @returns {Place} */
export const placeOf = (item) => ({ list: listAround(item), next: item.nextElementSibling })

/**
 * While a card is held, what others do to it waits. Held twice, it must be released twice.
 * @param {HTMLElement} item
 * @param {HTMLElement} [home] the column in which the board has it, wherever it is carried
 */
export function hold(item, home = columnOf(item)) {
  item.dataset.held = String(Number(item.dataset.held ?? 0) + 1)
  item.dataset.home ??= home.dataset.column
}

/** Put a card that is held to where the board has it. @param {HTMLElement} item */
export function putHome(item) {
  const home = columnWith(item.dataset.home ?? "")
  if (!home || !item.isConnected) return
  putByRank(item, listOf(home))
  if (!item.isConnected) listOf(home).insertBefore(item, footOf(listOf(home)))
}

/** @param {HTMLElement} item */
export function letGo(item) {
  const left = Number(item.dataset.held) - 1
  if (left) item.dataset.held = String(left)
  else {
    delete item.dataset.held
    delete item.dataset.home
  }
  release()
}

/** Where a card stands, for a sentence; the place is null where gaps hide it. @param {HTMLElement} item */
export function whereIs(item) {
  const column = columnOf(item)
  const count = countIn(column)
  const place = placeAmong(keysOf(listAround(item)), keyOf(item), count)
  return { title: titleOf(item), column: one(column, ".column__name").textContent ?? "", place, count }
}

/** How many cards a column has, those included that are not shown and those that are carried into it. @param {HTMLElement} column */
function countIn(column) {
  const key = column.dataset.column
  let count = Number(one(column, ".column__count").dataset.count)
  for (const held of all(board, "[data-held]")) {
    const here = columnOf(held).dataset.column
    if (here !== held.dataset.home) count += here === key ? 1 : held.dataset.home === key ? -1 : 0
  }
  return count
}
