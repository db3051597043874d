// Elements of the page are put and dropped as ops say.

/** @import { Op } from "./frames.js" */
/** @import { Shown } from "./gaps.js" */
import { all, childrenOf, elementOf, find } from "../page/dom.js"
import { localTimes } from "../page/times.js"
import { clientId } from "./client.js"
import { focusIn, keepingFocus, twinOf } from "./focus.js"
import { isGap, openGap } from "./gaps.js"
import { showMove } from "./move_highlight.js"
import { placeOfRank } from "./ranks.js"

/** @type {WeakMap<HTMLElement, string>} element → the HTML it was put with */
const drawn = new WeakMap()
/** @type {Map<string, Op>} element id → what would put it into a gap of its list: it is drawn when the gap is filled */
const leftOut = new Map()

/** While an element is dragged, edited or its menu is open, what others do to it waits. @param {string} id */
export function isHeld(id) {
  const element = document.getElementById(id)
  if (!element) return false
  const inside = "details[open]:not(.attempt, .attempt__sent, .entry__long), [data-editing]"
  return element.matches("[data-held]") || !!element.querySelector(inside)
}

/** @param {Op} op */
export function apply(op) {
  if (op.op === "chip") return fillChips(op)
  const parent = document.getElementById(op.parent ?? "")
  const element = document.getElementById(op.id ?? "")
  leftOut.delete(op.id ?? "")
  if (op.op === "drop" || !parent) return element?.remove()
  if (op.rank) put(op, op.rank, element, parent)
  else replace(op, element, parent)
}

/** What messages show of a task they name. @param {Op} op */
function fillChips({ task, html = "" }) {
  for (const chip of all(document, `.chip[data-task="${task}"]`)) chip.innerHTML = html
}

/**
 * @param {Op} op
 * @param {string} rank
 * @param {HTMLElement | null} element
 * @param {HTMLElement} parent
 */
function put(op, rank, element, parent) {
  const isCard = parent.tagName === "UL"
  const item = element ?? document.createElement("li")
  const [from, before] = [item.parentElement, item.dataset.rank]
  item.id = op.id ?? ""
  item.dataset.rank = rank
  keepingFocus(item, () => {
    if (drawn.get(item) !== op.html) fill(item, op.html ?? "", isCard)
    if (from !== parent || before !== rank) putInPlace(item, rank, parent)
  })
  if (isCard && !item.isConnected) leftOut.set(item.id, op)
  if (isCard && item.isConnected && from !== parent && op.by && op.by.client !== clientId) showMove(item, op.by)
}

/**
 * A card's op is the card, its item is ours; an entry of a timeline brings its own element.
 * @param {HTMLElement} item
 * @param {string} html
 * @param {boolean} isCard
 */
function fill(item, html, isCard) {
  drawn.set(item, html)
  const fresh = elementOf(html)
  if (isCard && fresh.tagName !== "LI") item.replaceChildren(fresh)
  else {
    item.replaceChildren(...fresh.childNodes)
    for (const { name, value } of fresh.attributes) if (name !== "id") item.setAttribute(name, value)
  }
  localTimes(item)
}

/**
 * @param {Op} op
 * @param {HTMLElement | null} element
 * @param {HTMLElement} parent
 */
function replace({ html = "" }, element, parent) {
  if (element && drawn.get(element) === html) return
  const fresh = elementOf(html)
  drawn.set(fresh, html)
  const focused = focusIn(element)
  if (element) element.replaceWith(fresh)
  else parent.append(fresh)
  localTimes(fresh)
  if (focused) twinOf(focused, fresh)?.focus({ preventScroll: true })
}

/**
 * Where the rank sorts among the siblings; a list keeps what is `data-missed` beyond what it shows.
 * @param {HTMLElement} item
 * @param {string} rank
 * @param {HTMLElement} list
 */
function putInPlace(item, rank, list) {
  const { from, to } = list.dataset
  if (to !== undefined && rank > to) list.dataset.missed = rank
  const others = childrenOf(list).filter((other) => other !== item)
  const at = placeOfRank(rank, { entries: others.map(entryOf), from, to })
  if (at === null) item.remove()
  else list.insertBefore(item, others[at] ?? find(list, ":scope > .column__none"))
}

/** @param {HTMLElement} element */
const entryOf = (element) =>
  isGap(element) ? { after: element.dataset.after, before: element.dataset.before } : { rank: element.dataset.rank }

/** Put `item` back to where the frames have it, in `list`. @param {HTMLElement} item @param {HTMLElement} list */
export const putByRank = (item, list) => keepingFocus(item, () => putInPlace(item, item.dataset.rank ?? "", list))

/** What would put it if its list did not leave it out. @param {string} id */
export const opLeftOut = (id) => leftOut.get(id)

/** The ops of what `list` leaves out, as far as frames have told of it. @param {HTMLElement} list */
export const opsLeftOut = (list) => [...leftOut.values()].filter((op) => op.parent === list.id)

/** Draw what `list` has left out and does no more. @param {HTMLElement} list */
export function drawLeftOut(list) {
  for (const op of opsLeftOut(list)) apply(op)
}

/** The lists were read anew. */
export const forgetLeftOut = () => leftOut.clear()

/**
 * Show the element with this id though its list leaves out what stands around it.
 * @param {string} id
 * @param {Shown} [shown]
 */
export function reveal(id, shown) {
  const { parent = "", rank = "" } = leftOut.get(id) ?? {}
  const list = document.getElementById(parent)
  if (list) makeRoom(list, shown ?? { rank })
}

/**
 * @param {HTMLElement} list
 * @param {Shown} shown
 */
export function makeRoom(list, shown) {
  openGap(list, shown)
  drawLeftOut(list)
}
