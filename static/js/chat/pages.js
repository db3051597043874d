// Pages of a room's messages: fetched one at a time, and put into its list.

import { elementOf, find } from "../page/dom.js"
import { Queue } from "../page/queue.js"
import { fragment } from "../page/requests.js"
import { localTimes } from "../page/times.js"
import { dismissRetry, retryToast } from "../page/toasts.js"
import { chatWords } from "../page/words.js"
import { dressAll } from "./message_list.js"
import { listOf, logOf, messagesOf } from "./room_elements.js"

const MOST_SHOWN = 300
const RETRY = "messages"
const queue = new Queue()

/** @typedef {"from" | "to"} Edge */

/**
 * Do `work` when no other page is under way. When its page does not come, it can be tried again.
 * @param {() => Promise<boolean>} work whether it had what it needed
 * @returns {Promise<void>}
 */
export function inTurn(work) {
  return queue.add(async () => {
    dismissRetry(RETRY)
    if (!(await work())) retryToast(RETRY, chatWords().not_loaded, () => inTurn(work))
  })
}

/**
 * @param {HTMLElement} room
 * @param {Record<string, string>} [asked]
 * @returns {Promise<HTMLElement | null>}
 */
export async function fetchPage(room, asked = {}) {
  logOf(room).ariaBusy = "true"
  delete listOf(room).dataset.missed
  const html = await fragment(`${room.dataset.url}messages/?${new URLSearchParams(asked)}`, "1")
  logOf(room).ariaBusy = "false"
  const page = html === null ? null : elementOf(html)
  if (page) localTimes(page)
  return page
}

/** @param {HTMLElement} room */
export const isLoading = (room) => logOf(room).ariaBusy === "true"

/** What is not on the page yet. @param {HTMLElement} page */
export const freshOf = (page) => [...page.children].filter((each) => !document.getElementById(each.id))

/**
 * @param {HTMLElement} room
 * @param {Edge} edge
 * @param {string | undefined} rank
 */
export function setEdge(room, edge, rank) {
  if (rank) listOf(room).dataset[edge] = rank
  else delete listOf(room).dataset[edge]
}

/**
 * Leave out what is too much at one edge: the oldest ("from") or the newest ("to").
 * @param {HTMLElement} room
 * @param {Edge} edge
 */
export function trim(room, edge) {
  const shown = messagesOf(room)
  const tooMany = shown.length - MOST_SHOWN
  if (tooMany <= 0) return
  for (const message of edge === "from" ? shown.slice(0, tooMany) : shown.slice(-tooMany)) message.remove()
  const rest = messagesOf(room)
  setEdge(room, edge, (edge === "from" ? rest[0] : rest[rest.length - 1]).dataset.rank)
}

/**
 * @param {HTMLElement} room
 * @param {HTMLElement} page
 */
export function replaceAll(room, page) {
  const pending = listOf(room).querySelectorAll(".message--pending")
  listOf(room).replaceChildren(...page.children, ...pending)
  setEdge(room, "from", page.dataset.from)
  setEdge(room, "to", page.dataset.to)
  dressAll(room)
}

/** @param {HTMLElement} page @param {number} key */
export const hasMessage = (page, key) => !!find(page, `#message-${key}`)
