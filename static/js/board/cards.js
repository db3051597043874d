// Columns and cards as they stand on the page.

import { all, childrenOf, find, one } from "../page/dom.js"
import { release } from "../realtime/live.js"
import { anchorsOf } from "./anchors.js"

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

/** The card's key. @param {HTMLElement} item */
export const keyOf = (item) => item.id.slice("task-".length)
/** @param {HTMLElement} list */
export const keysOf = (list) => cardsOf(list).map(keyOf)

/** Where a card stands, in the words of a move. @param {HTMLElement} item */
export function wishOf(item) {
  return { to: columnOf(item).dataset.column ?? "", ...anchorsOf(keysOf(listAround(item)), keyOf(item)) }
}

/** @param {HTMLElement} item @returns {Place} */
export const placeOf = (item) => ({ list: listAround(item), next: item.nextElementSibling })

/**
 * @param {HTMLElement} item
 * @param {Place} place
 */
export function putBack(item, { list, next }) {
  list.insertBefore(item, next?.parentElement === list ? next : null)
}

/** While a card is held, what others do to it waits. Held twice, it must be released twice. @param {HTMLElement} item */
export function hold(item) {
  item.dataset.held = String(Number(item.dataset.held ?? 0) + 1)
}

/** @param {HTMLElement} item */
export function letGo(item) {
  const left = Number(item.dataset.held) - 1
  if (left) item.dataset.held = String(left)
  else delete item.dataset.held
  release()
}
