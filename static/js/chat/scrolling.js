// The newest is followed while its end is in sight; who reads further up stays where they are.

import { one } from "../page/dom.js"
import { isFollowing, listOf, logOf, messagesOf } from "./room_elements.js"

const NEAR_END = 100 // pixels: as close as that, the newest is followed

/** How many pixels of the log are below what is shown. @param {HTMLElement} log */
export const fromEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight

/** @param {HTMLElement} room */
export function noteFollowing(room) {
  logOf(room).dataset.following = String(!listOf(room).dataset.to && fromEnd(logOf(room)) < NEAR_END)
}

/** @param {HTMLElement} room */
export function toEnd(room) {
  logOf(room).scrollTop = logOf(room).scrollHeight
}

/** Stay at the end when the log or what is in it changes its size. @param {HTMLElement} room */
export function followSizes(room) {
  const sizes = new ResizeObserver(() => isFollowing(room) && toEnd(room))
  sizes.observe(logOf(room))
  sizes.observe(listOf(room))
}

/**
 * The first message in sight stays where it is, whatever comes or goes above it.
 * @param {HTMLElement} room
 * @param {() => void} change
 */
export function keepingPlace(room, change) {
  const first = firstInSight(room)
  const was = topOf(first)
  change()
  if (first?.isConnected) scrollBy(room, topOf(first) - was)
}

/** @param {HTMLElement | null | undefined} element */
export const topOf = (element) => element?.getBoundingClientRect().top ?? 0

/**
 * @param {HTMLElement} room
 * @param {number} pixels
 */
export function scrollBy(room, pixels) {
  logOf(room).scrollTop += pixels
}

/** @param {HTMLElement} room */
export function firstInSight(room) {
  const top = topOf(one(room, ".chat__log"))
  return messagesOf(room).find((message) => message.getBoundingClientRect().bottom > top)
}
