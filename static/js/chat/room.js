// What a room does, on its own page or in the panel beside the board. Everything here also works as plain links
// and forms.

import "./subscriptions.js"
import "./message_links.js"
import "./message_menu.js"
import "./suggestions.js"
import "./command_replies.js"
import "./unread.js"
import { find, one } from "../page/dom.js"
import { listen } from "../page/events.js"
import { localTimes } from "../page/times.js"
import { showComposer } from "./composer.js"
import { renew, showHistory } from "./history.js"
import { showOutbox } from "./outbox.js"
import { openRoom } from "./room_elements.js"
import { showTyping } from "./typing.js"

/** @param {HTMLElement} room */
export function show(room) {
  localTimes(room)
  showOutbox(room)
  showComposer(room)
  showTyping()
  showName(room)
  showOnline()
  showHistory(room)
}

/** The names of rooms: one that is renamed is so on every page. @param {HTMLElement} room */
function showName(room) {
  const link = find(document, `#room-link-${room.dataset.room} a`)
  if (!link) return
  link.ariaCurrent = "page"
  one(room, ".chat__title bdi").textContent = one(link, "bdi").textContent
}

listen("realtime:applied", (ops) => {
  const room = openRoom()
  if (room && ops.some((op) => op.id?.startsWith("room-link-"))) showName(room)
})

function showOnline() {
  const room = openRoom()
  const line = room && find(room, ".chat__line")
  if (line) line.hidden = navigator.onLine
}

addEventListener("online", showOnline)
addEventListener("offline", showOnline)

listen("realtime:reloaded", () => {
  const room = openRoom()
  if (room) renew(room)
})
