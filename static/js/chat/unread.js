// How much is unread: shown on the tab, in the list of rooms and at the room's end, and asked for when it is not known.

/** @import { RoomCount } from "./unread_counts.js" */
import { all, closest, find, jsonIn, one } from "../page/dom.js"
import { listen } from "../page/events.js"
import { json } from "../page/requests.js"
import { showUnread } from "../page/title.js"
import { toNewest } from "./history.js"
import { notify } from "./notifications.js"
import { watchReading } from "./read_marks.js"
import { isFollowing, openRoom } from "./room_elements.js"
import { isMessage, UnreadCounts } from "./unread_counts.js"

const ASK_WITHIN = 1_500 // milliseconds, at random: all pages hear of one change at once

/** @type {HTMLElement | null} */
const tab = find(document, "[data-chat-tab]")
const counts = new UnreadCounts(jsonIn("chat-unread"), document.body.dataset.me ?? "")
/** @type {number | undefined} */
let asking

function show() {
  const [unread, mentions] = [counts.sum("unread"), counts.sum("mentions")]
  showUnread(unread)
  if (tab) showOnTab(tab, unread, mentions)
  for (const each of all(document, ".chat__count")) each.textContent = counts.shownFor(each.dataset.room)
  showPill()
}

/**
 * @param {HTMLElement} link
 * @param {number} unread
 * @param {number} mentions
 */
function showOnTab(link, unread, mentions) {
  const count = one(link, ".tabs__count")
  count.hidden = !unread
  count.toggleAttribute("data-mentions", mentions > 0)
  count.textContent = unread > 99 ? "99+" : String(unread)
  const { says = "", saysMentions = "" } = link.dataset
  const sentence = unread ? (mentions ? saysMentions : says) : ""
  one(link, ".tabs__says").textContent = sentence.replace("{n}", String(unread)).replace("{m}", String(mentions))
}

/** The way to the newest, while it is out of sight; how much of it is new is what is unread. */
function showPill() {
  const room = openRoom()
  if (!room) return
  const pill = one(room, ".chat__pill")
  const unread = counts.of(room.dataset.room)?.unread
  const { says = "", plain = "" } = pill.dataset
  pill.hidden = isFollowing(room)
  one(pill, "span").textContent = unread ? says.replace("{n}", String(unread)) : plain
  pill.toggleAttribute("data-count", !!unread)
}

document.addEventListener("click", (event) => {
  const room = openRoom()
  if (room && closest(event, ".chat__pill")) toNewest(room)
})

listen("realtime:applied", (ops) => {
  const messages = ops.filter((op) => isMessage(op.id))
  let isUnsure = false
  for (const op of messages) {
    const notice = counts.noticeOf(op)
    if (notice) notify(op, notice.level, notice.isCalled)
    if (!counts.raise(op)) isUnsure = true
  }
  if (isUnsure) askSoon()
  show()
})

function askSoon() {
  if (!asking) asking = setTimeout(ask, Math.random() * ASK_WITHIN)
}

async function ask() {
  asking = undefined
  const before = counts.raised
  take(await json(tab?.dataset.unreadUrl ?? ""), before)
}

/**
 * Show what the server counts, unless something new was counted here while it answered.
 * @param {Record<string, RoomCount> | null} now
 * @param {number} before
 */
function take(now, before) {
  if (!now) return
  if (counts.take(now, before)) show()
  else askSoon()
}

listen("realtime:ephemeral", ({ read, subscription }) => (read || subscription) && askSoon())
listen("chat:subscribed", ({ room, level }) => {
  counts.setLevel(room, level)
  show()
})
listen("chat:scrolled", showPill)
listen("realtime:connected", askSoon)
listen("realtime:reloaded", askSoon)
document.addEventListener("visibilitychange", () => document.hidden || askSoon())
watchReading(() => counts.raised, take)
if (tab) show()
