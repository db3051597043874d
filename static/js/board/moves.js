// A card stays where it was put at once; if the server says no, it goes back and the reason is shown.

/** @import { Anchors } from "./anchors.js" */
/** @import { Refusal } from "../realtime/refusals.js" */
/** @import { Place } from "./cards.js" */
import { Queue } from "../page/queue.js"
import { dismissRetry, retryToast, toast } from "../page/toasts.js"
import { boardWords as words } from "../page/words.js"
import { change, changeInTurn } from "../realtime/change.js"
import { catchUp } from "../realtime/connection.js"
import { isLost } from "../realtime/refusals.js"
import { indexAt, standsAt } from "./anchors.js"
import {
  columnOf,
  columnWith,
  entriesOf,
  footOf,
  hold,
  keyOf,
  keysOf,
  letGo,
  linkOf,
  listAround,
  listOf,
  placeOf,
  putHome,
  titleOf,
  wishOf,
} from "./cards.js"
import { sayWhere, showOwn, toldAs } from "./placed_cards.js"

/** @typedef {Anchors & {to: string}} Wish */

export const queue = new Queue() // moves and new tasks reach the server in the order they were made

/**
 * Send where the card stands now. That it was moved is said when it was.
 * @param {HTMLElement} item
 * @param {Place} was
 * @param {string} [sentence] by which that is said
 */
export async function sendMove(item, was, sentence = words.moved) {
  const url = `${linkOf(item).getAttribute("href")}move/`
  const wish = wishOf(item)
  const seenIn = columnOf(was.list).dataset.column ?? ""
  dismissRetry(item.id)
  hold(item, columnOf(was.list))
  const send = () => askToMove(url, { ...wish, seen_in: seenIn })
  const refusal = await toldAs(item.id, sentence, () => changeInTurn(queue, send))
  // What the board has now waits while the card is held: whether it was made after all, or what others did first.
  const isKnown = !refusal || (await catchUp())
  if (refusal) putHome(item)
  else item.dataset.home = wish.to
  letGo(item)
  if (refusal) tellRefusal(refusal, item.id, { wish, sentence, isKnown })
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
 * Say why the card was not moved, and where it is.
 * @param {Refusal} refusal
 * @param {string} id
 * @param {{wish: Wish, sentence: string, isKnown: boolean}} move
 */
function tellRefusal(refusal, id, { wish, sentence, isKnown }) {
  showOwn(id)
  const item = document.getElementById(id)
  if (!item) return toast(refusal.message)
  if (isLost(refusal) && stands(item, wish)) return sayWhere(id, sentence)
  const why = `${titleOf(item)}: ${refusal.message}`
  if (isLost(refusal)) retryToast(id, why, () => moveAgain(id, wish))
  else toast(why)
  sayWhere(id, isLost(refusal) && !isKnown ? words.maybe_moved : words.not_moved)
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
  const column = columnWith(wish.to)
  if (!item || !column || stands(item, wish)) return
  const was = placeOf(item)
  const list = listOf(column)
  const others = entriesOf(list).filter((each) => each !== item)
  const keys = others.map((each) => (each.id ? keyOf(each) : ""))
  list.insertBefore(item, others[indexAt(keys, wish)] ?? footOf(list))
  return sendMove(item, was)
}
