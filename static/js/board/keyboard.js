// Going to cards and moving them with the keyboard: at once with Shift, or lifted, carried and dropped.

/** @import { Place } from "./cards.js" */
import { one } from "../page/dom.js"
import { boardWords as words } from "../page/words.js"
import { columnStep, stepFrom } from "./anchors.js"
import {
  canWrite,
  cardsOf,
  columnOf,
  columns,
  entriesOf,
  footOf,
  hold,
  letGo,
  linkOf,
  listAround,
  listOf,
  placeOf,
  putHome,
} from "./cards.js"
import { sendMove } from "./moves.js"
import { sayWhere } from "./placed_cards.js"

/** @type {{item: HTMLElement, was: Place} | null} */
let lifted = null

export const isLifted = () => !!lifted

/**
 * A step past a gap goes to its other end.
 * @param {HTMLElement} item
 * @param {string} key
 */
function step(item, key) {
  const list = listAround(item)
  const entries = entriesOf(list)
  const at = entries.indexOf(item)
  const next = stepFrom(key, at, entries.length)
  if (next === null) return toColumnBeside(item, columnStep(key))
  if (next < at) list.insertBefore(item, entries[next])
  else entries[next].after(item)
  return true
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

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
function stepAndFocus(item, key) {
  const isStep = step(item, key)
  if (isStep) linkOf(item).focus()
  return isStep
}

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
export function moveByKey(item, key) {
  if (!canWrite) return
  const was = placeOf(item)
  if (stepAndFocus(item, key)) sendMove(item, was)
}

/** @param {HTMLElement} item */
export function lift(item) {
  if (!canWrite) return
  lifted = { item, was: placeOf(item) }
  hold(item)
  one(item, ".card").dataset.lifted = ""
  sayWhere(item.id, words.lifted)
}

/** @param {boolean} isWanted */
function drop(isWanted) {
  if (!lifted) return
  const { item, was } = lifted
  lifted = null
  delete one(item, ".card").dataset.lifted
  const hasMoved = item.parentElement !== was.list || item.nextElementSibling !== was.next
  const isSent = isWanted && hasMoved
  if (!isSent) putHome(item)
  linkOf(item).focus()
  if (isSent) sendMove(item, was, words.dropped)
  const { parentElement, dataset } = item
  const { rank } = dataset
  letGo(item) // what others did to it meanwhile is done now
  if (!isSent)
    sayWhere(item.id, item.parentElement === parentElement && dataset.rank === rank ? words.put_back : words.now_at)
}

/**
 * @param {HTMLElement} item
 * @param {string} key
 */
function carry(item, key) {
  if (stepAndFocus(item, key)) sayWhere(item.id, words.now_at)
}

/** @param {KeyboardEvent} event */
export function whileLifted(event) {
  if (event.key === "Tab") return drop(false)
  if (![" ", "Enter", "Escape"].includes(event.key) && !event.key.startsWith("Arrow")) return
  event.preventDefault()
  if (event.key === "Escape") drop(false)
  else if (lifted && event.key.startsWith("Arrow")) carry(lifted.item, event.key)
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
