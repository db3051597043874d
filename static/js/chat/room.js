// The project's room: a page of its own, or a panel beside the board that this browser remembers.
// Everything here also works as plain links and forms.

import "./subscriptions.js"
import "./messages.js"
import "./suggestions.js"
import "./command_replies.js"
import "./unread.js"
import { showComposer } from "./composer.js"
import { openRoom, renew, showHistory } from "./history.js"
import { showOutbox } from "./outbox.js"
import { showTyping } from "./typing.js"
import { localTimes } from "../page/page.js"

const REMEMBERED = "chat-panel"
const tab = document.querySelector("[data-chat-tab]")
const work = document.getElementById("work")
const isBoard = !!document.querySelector(".board[data-project]")
const hasSpace = matchMedia("(min-width: 75rem)")
const isPhone = matchMedia("(max-width: 47.99rem)")

function show(room) {
  localTimes(room)
  showOutbox(room)
  showComposer(room)
  showTyping()
  showName()
  showOnline()
  showHistory(room)
}

// The panel

async function openPanel(url, { focus = true } = {}) {
  const answer = await fetch(url, { headers: { "X-Fragment": "room" } }).catch(() => null)
  if (!answer?.ok || answer.redirected) return focus && location.assign(url)
  const template = document.createElement("template")
  template.innerHTML = (await answer.text()).trim()
  const room = template.content.firstElementChild
  openRoom()?.remove()
  work.append(room)
  remember(url)
  tab.ariaExpanded = "true"
  show(room)
  if (focus) room.querySelector(".composer__field")?.focus()
}

function closePanel() {
  openRoom().remove()
  remember("")
  tab.ariaExpanded = "false"
  tab.focus()
}

const memory = `${REMEMBERED}:${document.body.dataset.me}:${document.querySelector("[data-project]")?.dataset.project}`

function remember(url) {
  try {
    localStorage.setItem(memory, url)
  } catch {
    // A browser that keeps nothing: the panel is closed again on the next page.
  }
}

const isPlainClick = (event) =>
  !(event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey)

document.addEventListener("click", (event) => {
  if (!isBoard || !isPlainClick(event) || isPhone.matches) return
  const link = event.target.closest("[data-chat-tab], .chat [data-room-link], .chat [data-closes-chat]")
  if (!link) return
  const room = openRoom()
  if (link === tab && room && !room.checkVisibility()) return
  event.preventDefault()
  if (link.matches("[data-closes-chat]") || (link === tab && room)) closePanel()
  else openPanel(link.href)
})

// The names of rooms: one that is renamed is so on every page

function showName() {
  const room = openRoom()
  const link = document.querySelector(`#room-link-${room.dataset.room} a`)
  if (!link) return
  link.ariaCurrent = "page"
  room.querySelector(".chat__title").textContent = link.querySelector("bdi").textContent
}

document.addEventListener("board:changed", ({ detail: ops }) => {
  if (openRoom() && ops.some((op) => op.id?.startsWith("room-link-"))) showName()
})

// Being online

function showOnline() {
  const line = openRoom()?.querySelector(".chat__line")
  if (line) line.hidden = navigator.onLine
}

addEventListener("online", showOnline)
addEventListener("offline", showOnline)

document.addEventListener("board:renewed", () => openRoom() && renew(openRoom()))

if (openRoom()) show(openRoom())
else if (isBoard && hasSpace.matches && localStorage.getItem(memory))
  openPanel(localStorage.getItem(memory), { focus: false })
