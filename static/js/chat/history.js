// The messages of the open room: older and newer pages come as one scrolls, and the newest is followed.

import { find, isOn } from "../page/dom.js"
import { dispatch } from "../page/events.js"
import { toast } from "../page/toasts.js"
import { chatWords } from "../page/words.js"
import { dressAll } from "./message_list.js"
import { fetchPage, freshOf, hasMessage, inTurn, isLoading, replaceAll, setEdge, trim } from "./pages.js"
import { isFollowing, isLookedAt, keyOf, listOf, logOf, messagesOf, messageWith, openRoom } from "./room_elements.js"
import { firstInSight, followSizes, fromEnd, keepingPlace, noteFollowing, scrollBy, toEnd, topOf } from "./scrolling.js"

const NEAR_EDGE = 600 // pixels
const FOUND_FOR = 3_000

/** Begin with a room that has just come to the page. @param {HTMLElement} room */
export function showHistory(room) {
  dressAll(room)
  const firstNew = find(listOf(room), ".chat__new")
  if (room.dataset.around) bringIntoSight(messageWith(room.dataset.around))
  else if (firstNew) firstNew.scrollIntoView({ block: "start" })
  else toEnd(room)
  onScroll(room)
  logOf(room).addEventListener("scroll", () => onScroll(room), { passive: true })
  followSizes(room)
}

/** @param {HTMLElement} room */
function onScroll(room) {
  noteFollowing(room)
  const log = logOf(room)
  const { from, to } = listOf(room).dataset
  if (log.scrollTop < NEAR_EDGE && from) load(room, takeOlder)
  else if (fromEnd(log) < NEAR_EDGE && to) load(room, takeNewer)
  dispatch("chat:scrolled", null)
}

/** What has changed in the list is put in order; the newest is followed if it was before. @param {HTMLElement} room */
export function settle(room) {
  const { from, to } = listOf(room).dataset
  if (!messagesOf(room).length && (from || to)) return renew(room)
  if (isFollowing(room) && isLookedAt(room)) seeAll(room)
  dressAll(room)
  if (isFollowing(room)) {
    trim(room, "from")
    toEnd(room)
  }
  dispatch("chat:scrolled", null)
}

/** What comes before somebody's eyes is not new to them; a line that stands already stays. @param {HTMLElement} room */
function seeAll(room) {
  const last = messagesOf(room).at(-1)
  if (last && !find(listOf(room), ":scope > .chat__new")) room.dataset.line = String(keyOf(last))
}

/**
 * @param {HTMLElement} room
 * @param {(room: HTMLElement) => Promise<boolean>} take
 */
function load(room, take) {
  if (!isLoading(room)) inTurn(() => take(room))
}

/** @param {HTMLElement} room */
async function takeOlder(room) {
  const first = messagesOf(room)[0]
  const page = await fetchPage(room, { before: String(keyOf(first)) })
  if (!page) return false
  keepingPlace(room, () => {
    listOf(room).prepend(...freshOf(page))
    setEdge(room, "from", page.dataset.from)
    trim(room, "to")
    dressAll(room)
  })
  return true
}

/** @param {HTMLElement} room @returns {Promise<boolean>} */
async function takeNewer(room) {
  const last = messagesOf(room).at(-1)
  const page = last && (await fetchPage(room, { after: String(keyOf(last)) }))
  if (!page) return false
  keepingPlace(room, () => {
    messagesOf(room)
      .at(-1)
      ?.after(...freshOf(page))
    setEdge(room, "to", page.dataset.to)
    trim(room, "from")
    dressAll(room)
  })
  const isWhole = await takeMissed(room)
  noteFollowing(room)
  dispatch("chat:scrolled", null)
  return isWhole
}

/** One that came while its page was under way is beyond what the page knew. @param {HTMLElement} room */
async function takeMissed(room) {
  const { missed = "", to } = listOf(room).dataset
  const last = messagesOf(room).at(-1)
  return to || missed <= (last?.dataset.rank ?? "") ? true : takeNewer(room)
}

/** Take what is shown anew: the newest where they are followed, else what was in sight. @param {HTMLElement} room */
export const renew = (room) => inTurn(() => takeAnew(room))

/** @param {HTMLElement} room */
async function takeAnew(room) {
  const first = isFollowing(room) ? null : firstInSight(room)
  const page = await fetchPage(room, first ? { around: String(keyOf(first)) } : {})
  if (!page) return false
  const was = topOf(first)
  replaceAll(room, page)
  const again = first && document.getElementById(first.id)
  if (again) scrollBy(room, topOf(again) - was)
  else toEnd(room)
  const isWhole = await takeMissed(room)
  noteFollowing(room)
  return isWhole
}

/** @param {HTMLElement} room */
export const toNewest = (room) => inTurn(() => takeNewest(room))

/** @param {HTMLElement} room */
async function takeNewest(room) {
  if (listOf(room).dataset.to) {
    const page = await fetchPage(room)
    if (!page) return false
    replaceAll(room, page)
    await takeMissed(room)
  }
  toEnd(room)
  noteFollowing(room)
  return true
}

/**
 * Bring a message into sight, wherever in the history it is.
 * @param {HTMLElement} room
 * @param {number} key
 */
export const jumpTo = (room, key) => inTurn(() => takeAround(room, key))

/**
 * @param {HTMLElement} room
 * @param {number} key
 */
async function takeAround(room, key) {
  if (!messageWith(key)) {
    const page = await fetchPage(room, { around: String(key) })
    if (!page) return false
    if (hasMessage(page, key)) replaceAll(room, page)
  }
  bringIntoSight(messageWith(key))
  noteFollowing(room)
  return true
}

/** @param {HTMLElement | null} message */
function bringIntoSight(message) {
  if (!message) return toast(chatWords().gone)
  message.scrollIntoView({ block: "center" })
  message.dataset.found = ""
  message.focus({ preventScroll: true })
  setTimeout(() => delete message.dataset.found, FOUND_FOR)
}

// The keyboard: arrows go from message to message, each has its own controls behind it.

document.addEventListener("keydown", (event) => {
  const room = openRoom()
  if (!room || !["ArrowUp", "ArrowDown"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return
  if (!isOn(event, ".chat__log, .message")) return
  const messages = messagesOf(room)
  const target = /** @type {HTMLElement} */ (event.target)
  const at = target.matches(".message") ? messages.indexOf(target) : messages.length
  const next = messages[at + (event.key === "ArrowUp" ? -1 : 1)]
  event.preventDefault()
  next?.focus()
  next?.scrollIntoView({ block: "nearest" })
})
