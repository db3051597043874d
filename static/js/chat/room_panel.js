// The room as a panel beside the board, which this browser remembers.

import { closest, elementOf, find, isPlainClick, one } from "../page/dom.js"
import { fragment } from "../page/requests.js"
import { composerOf, openRoom } from "./room_elements.js"

/** @type {HTMLElement | null} */
const tab = find(document, "[data-chat-tab]")
const isBoard = !!find(document, ".board[data-project]")
const hasSpace = matchMedia("(min-width: 75rem)")
const isPhone = matchMedia("(max-width: 47.99rem)")
const memory = `chat-panel:${document.body.dataset.me}:${find(document, "[data-project]")?.dataset.project}`

/**
 * A room beside the board is shown by links, and at once if it was open on the last page.
 * @param {() => Promise<(room: HTMLElement) => void>} load how to show one, which comes when it is first needed
 */
export function usePanel(load) {
  /**
   * @param {string} url
   * @param {{hasFocus?: boolean}} [options]
   */
  async function open(url, { hasFocus = true } = {}) {
    const [html, show] = await Promise.all([fragment(url, "room"), load().catch(() => null)])
    if (html === null || show === null) return hasFocus && location.assign(url)
    const room = elementOf(html)
    openRoom()?.remove()
    one(document, "#work").append(room)
    remember(url)
    if (tab) tab.ariaExpanded = "true"
    show(room)
    if (hasFocus) composerOf(room)?.focus()
  }

  document.addEventListener("click", (event) => {
    if (!isBoard || !isPlainClick(event) || isPhone.matches) return
    /** @type {HTMLAnchorElement | null} */
    const link = closest(event, "[data-chat-tab], .chat [data-room-link], .chat [data-closes-chat]")
    if (!link) return
    const room = openRoom()
    if (link === tab && room && !room.checkVisibility()) return
    event.preventDefault()
    if (room && (link.matches("[data-closes-chat]") || link === tab)) close(room)
    else open(link.href)
  })

  const remembered = !openRoom() && isBoard && hasSpace.matches && localStorage.getItem(memory)
  if (remembered) open(remembered, { hasFocus: false })
}

/** @param {HTMLElement} room */
function close(room) {
  room.remove()
  remember("")
  if (!tab) return
  tab.ariaExpanded = "false"
  tab.focus()
}

/** @param {string} url */
function remember(url) {
  try {
    localStorage.setItem(memory, url)
  } catch {
    // A browser that keeps nothing: the panel is closed again on the next page.
  }
}
