// How much is unread: exact when the page came, raised by what others say, asked for anew after anything else.
// What has passed the bottom of a window that somebody looks at is read.

import { isLookedAt, listOf, logOf, messagesOf, openRoom, pkOf, toNewest } from "./history.js"
import { notify } from "./notifications.js"
import { showUnread } from "../page/page.js"

const ASK_WITHIN = 1_500 // milliseconds, at random: all pages hear of one change at once
const TELL_AFTER = 300

const me = document.body.dataset.me
const tab = document.querySelector("[data-chat-tab]")
let counts = JSON.parse(document.getElementById("chat-unread")?.textContent ?? "{}") // room → unread, mentions, newest_id, last_read_id
let asking = null
let raised = 0 // how often something new was counted: an answer from before it is too old
let telling = null

function show(now = counts) {
  counts = now
  const followed = Object.values(counts).filter((room) => room.level !== "none")
  const sum = (name) => followed.reduce((all, room) => all + room[name], 0)
  showUnread(sum("unread"))
  showOnTab(sum("unread"), sum("mentions"))
  for (const one of document.querySelectorAll(".chat__count")) showInList(one, counts[one.dataset.room])
  showPill()
}

function showInList(count, room) {
  count.textContent = (room?.level !== "none" && room?.unread) || ""
}

function showOnTab(unread, mentions) {
  const count = tab.querySelector(".tabs__count")
  count.hidden = !unread
  count.toggleAttribute("data-mentions", mentions > 0)
  count.textContent = unread > 99 ? "99+" : unread
  const sentence = unread ? (mentions ? tab.dataset.saysMentions : tab.dataset.says) : ""
  tab.querySelector(".tabs__says").textContent = sentence.replace("{n}", unread).replace("{m}", mentions)
}

/** The way to the newest, while it is out of sight; how much of it is new is what is unread. */
function showPill() {
  const room = openRoom()
  if (!room) return
  const pill = room.querySelector(".chat__pill")
  const unread = counts[room.dataset.room]?.unread
  pill.hidden = logOf(room).dataset.following === "true"
  pill.querySelector("span").textContent = unread ? pill.dataset.says.replace("{n}", unread) : pill.dataset.plain
  pill.toggleAttribute("data-count", !!unread)
}

document.addEventListener("click", (event) => {
  if (event.target.closest(".chat__pill")) toNewest(openRoom())
})

// Raising

document.addEventListener("board:changed", ({ detail: ops }) => {
  let isUnsure = false
  for (const op of ops) if (op.id?.startsWith("message-") && !raise(op)) isUnsure = true
  if (isUnsure) askSoon()
  show()
})

/** Whether it is known what the message does to the counts: a new one by somebody else adds one. */
function raise(op) {
  const room = op.op === "put" && counts[op.parent.slice("room-".length)]
  const pk = Number(op.id.slice("message-".length))
  if (!room) return false
  const isMention = op.html.includes(`data-user="${me}"`)
  const isCalled = op.calls.includes(Number(me))
  if (isCalled || pk > room.newest_id) notify(op, room.level, isCalled)
  if (pk <= room.newest_id) return !isMention
  room.newest_id = pk
  const countsForNobody = op.html.includes("message--system")
  if (countsForNobody || op.html.includes(`data-author="${me}"`) || pk <= room.last_read_id) return true
  raised += 1
  room.unread += 1
  room.mentions += isMention ? 1 : 0
  return true
}

function askSoon() {
  asking ??= setTimeout(ask, Math.random() * ASK_WITHIN)
}

async function ask() {
  clearTimeout(asking)
  asking = null
  await take(fetch(tab.dataset.unreadUrl, { headers: { Accept: "application/json" } }))
}

/** Show what the server counts, unless something new was counted here while it answered. */
async function take(asked) {
  const before = raised
  const answer = await asked.catch(() => null)
  if (!answer?.ok || answer.redirected) return
  const now = await answer.json()
  if (raised === before) show(now)
  else askSoon()
}

document.addEventListener("board:whispered", ({ detail: { read, subscription } }) => {
  if (subscription) askSoon()
  if (!read) return
  const room = openRoom()
  if (room?.dataset.room === String(read.room))
    room.dataset.lastReadId = Math.max(room.dataset.lastReadId, read.last_read_id)
  askSoon()
})
document.addEventListener("chat:followed", ({ detail: { room, level } }) => {
  counts[room].level = level
  show()
})
document.addEventListener("board:live", askSoon)
document.addEventListener("board:renewed", askSoon)

// Reading

/** The newest message whose end is above the bottom of the window. */
function lastPassed(room) {
  const { bottom } = logOf(room).getBoundingClientRect()
  return messagesOf(room).findLast((one) => one.getBoundingClientRect().bottom <= bottom + 2)
}

function look() {
  const room = openRoom()
  if (!room || !isLookedAt(room)) return
  const last = lastPassed(room)
  if (last && pkOf(last) > Number(room.dataset.lastReadId)) {
    room.dataset.lastReadId = pkOf(last)
    telling ??= setTimeout(() => tell(room), TELL_AFTER)
  }
}

async function tell(room) {
  telling = null
  const last_read_id = room.dataset.lastReadId
  const body = new URLSearchParams({ last_read_id })
  await take(
    fetch(`${room.dataset.url}read/`, {
      method: "POST",
      headers: { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf },
      body,
    }),
  )
}

/** Somebody who comes back finds the line above what was said meanwhile. */
function leave() {
  const room = openRoom()
  if (room && !listOf(room).dataset.to) room.dataset.line = room.dataset.lastReadId
}

document.addEventListener("chat:scrolled", () => {
  showPill()
  look()
})
addEventListener("focus", look)
addEventListener("blur", leave)
document.addEventListener("visibilitychange", () => {
  if (document.hidden) return leave()
  look()
  askSoon()
})
if (tab) show()
