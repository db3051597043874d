// A card stays where it was put at once; if the server says no, it goes back and the reason is shown.

/** @import { Anchors } from "./anchors.js" */
/** @import { Refusal } from "../realtime/refusals.js" */
/** @import { Place } from "./cards.js" */
import { Queue } from "../page/queue.js"
import { dismissRetry, retryToast, toast } from "../page/toasts.js"
import { change, changeInTurn } from "../realtime/change.js"
import { catchUp } from "../realtime/connection.js"
import { isLost } from "../realtime/refusals.js"
import { indexAt, standsAt } from "./anchors.js"
import {
  cardsOf,
  columnOf,
  columns,
  footOf,
  hold,
  keyOf,
  keysOf,
  letGo,
  linkOf,
  listAround,
  listOf,
  placeOf,
  putBack,
  titleOf,
  wishOf,
} from "./cards.js"

/** @typedef {Anchors & {to: string}} Wish */

export const queue = new Queue() // moves and new tasks reach the server in the order they were made

/**
 * Send where the card stands now.
 * @param {HTMLElement} item
 * @param {Place} was where it goes back to when the answer is no
 */
export async function sendMove(item, was) {
  const url = `${linkOf(item).getAttribute("href")}move/`
  const wish = wishOf(item)
  const seenIn = columnOf(was.list).dataset.column ?? ""
  dismissRetry(item.id)
  hold(item)
  const refusal = await changeInTurn(queue, () => askToMove(url, { ...wish, seen_in: seenIn }))
  if (refusal && isLost(refusal)) await catchUp() // whether it was made after all: its frame waits while the card is held
  if (refusal) putBack(item, was)
  letGo(item)
  if (refusal) sayWhy(refusal, item, wish)
}

/**
 * A move; one that leaves open subtasks under a parent that is done is made only after a second look.
 * @param {string} url
 * @param {Record<string, string>} fields
 */
export async function askToMove(url, fields) {
  const refusal = await change(url, fields)
  const isQuestion = refusal?.code === "open_subtasks"
  return isQuestion && confirm(refusal.message) ? change(url, { ...fields, anyway: 1 }) : refusal
}

/**
 * @param {Refusal} refusal
 * @param {HTMLElement} moved
 * @param {Wish} wish
 */
function sayWhy(refusal, moved, wish) {
  if (!isLost(refusal)) return toast(refusal.message)
  const item = document.getElementById(moved.id)
  if (item && !stands(item, wish)) {
    retryToast(item.id, `${titleOf(item)}: ${refusal.message}`, () => moveAgain(item.id, wish))
  }
}

/**
 * @param {HTMLElement} item
 * @param {Wish} wish
 */
function stands(item, wish) {
  return columnOf(item).dataset.column === wish.to && standsAt(keysOf(listAround(item)), keyOf(item), wish)
}

/**
 * @param {string} id
 * @param {Wish} wish
 */
function moveAgain(id, wish) {
  const item = document.getElementById(id)
  const column = columns().find((each) => each.dataset.column === wish.to)
  if (!item || !column || stands(item, wish)) return
  const was = placeOf(item)
  const list = listOf(column)
  const others = cardsOf(list).filter((each) => each !== item)
  list.insertBefore(item, others[indexAt(others.map(keyOf), wish)] ?? footOf(list))
  return sendMove(item, was)
}
