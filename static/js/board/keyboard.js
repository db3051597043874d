// Going to cards and moving them with the keyboard: at once with Shift, or lifted, carried and dropped.

/** @import { Place } from "./cards.js" */
import { one } from "../page/dom.js"
import { fill } from "../page/sentences.js"
import { boardWords as words } from "../page/words.js"
import { columnStep, stepFrom } from "./anchors.js"
import {
  canWrite,
  cardsOf,
  columnOf,
  columns,
  footOf,
  hold,
  letGo,
  linkOf,
  listAround,
  listOf,
  placeOf,
  putBack,
  titleOf,
} from "./cards.js"
import { sendMove } from "./moves.js"

/** @type {{item: HTMLElement, was: Place} | null} */
let lifted = null

export const isLifted = () => !!lifted

/** @param {string} sentence */
function say(sentence) {
  one(document, "#announcement").textContent = sentence
}

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
function step(item, key) {
  const list = listAround(item)
  const cards = cardsOf(list)
  const at = cards.indexOf(item)
  const next = stepFrom(key, at, cards.length)
  if (next !== null) list.insertBefore(next < at ? item : cards[next], next < at ? cards[next] : item)
  return next !== null || toColumnBeside(item, columnStep(key))
}

/**
 * @param {HTMLElement} item
 * @param {number | null} direction
 */
function toColumnBeside(item, direction) {
  const everyColumn = columns()
  const beside = direction && everyColumn[everyColumn.indexOf(columnOf(item)) + direction]
  if (!beside) return false
  const list = listOf(beside)
  const at = cardsOf(listAround(item)).indexOf(item)
  list.insertBefore(item, cardsOf(list)[at] ?? footOf(list))
  return true
}

/** @param {HTMLElement} item */
function whereIs(item) {
  const cards = cardsOf(listAround(item))
  const column = one(columnOf(item), ".column__name").textContent ?? ""
  return { title: titleOf(item), column, place: cards.indexOf(item) + 1, count: cards.length }
}

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
function stepAndSay(item, key) {
  if (!step(item, key)) return false
  linkOf(item).focus()
  say(fill(words.now_at, whereIs(item)))
  return true
}

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
export function moveByKey(item, key) {
  if (!canWrite) return
  const was = placeOf(item)
  if (stepAndSay(item, key)) sendMove(item, was)
}

/** @param {HTMLElement} item */
export function lift(item) {
  if (!canWrite) return
  lifted = { item, was: placeOf(item) }
  hold(item)
  one(item, ".card").dataset.lifted = ""
  say(fill(words.lifted, whereIs(item)))
}

/** @param {boolean} isWanted */
function drop(isWanted) {
  if (!lifted) return
  const { item, was } = lifted
  lifted = null
  delete one(item, ".card").dataset.lifted
  const hasMoved = item.parentElement !== was.list || item.nextElementSibling !== was.next
  if (!isWanted) putBack(item, was)
  linkOf(item).focus()
  say(fill(isWanted ? words.dropped : words.put_back, whereIs(item)))
  if (isWanted && hasMoved) sendMove(item, was)
  letGo(item)
}

/** @param {KeyboardEvent} event */
export function whileLifted(event) {
  if (event.key === "Tab") return drop(false)
  if (![" ", "Enter", "Escape"].includes(event.key) && !event.key.startsWith("Arrow")) return
  event.preventDefault()
  if (event.key === "Escape") drop(false)
  else if (lifted && event.key.startsWith("Arrow")) stepAndSay(lifted.item, event.key)
  else drop(true)
}

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
export function goTo(item, key) {
  const cards = cardsOf(listAround(item))
  const at = cards.indexOf(item)
  const direction = columnStep(key)
  const next = stepFrom(key, at, cards.length)
  if (!direction) return next !== null && linkOf(cards[next]).focus()
  const filled = columns().filter((column) => cardsOf(listOf(column)).length)
  const beside = filled[filled.indexOf(columnOf(item)) + direction]
  if (!beside) return
  const there = cardsOf(listOf(beside))
  linkOf(there[Math.min(at, there.length - 1)]).focus()
}
