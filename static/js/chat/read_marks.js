// What has passed the bottom of a window that somebody looks at is read, and the server is told.

/** @import { RoomCount } from "./unread_counts.js" */
import { listen } from "../page/events.js"
import { request } from "../page/requests.js"
import { Backoff } from "../realtime/backoff.js"
import { isLookedAt, keyOf, listOf, logOf, messagesOf, openRoom } from "./room_elements.js"

const TELL_AFTER = 300
const again = new Backoff(5_000, 60_000) // the mark was not taken: it is told again, as far as it is by then
/** @type {number | undefined} */
let telling

/**
 * Tell the server of what is read from now on; `take` gets what it counts as unread after that, and what
 * `raised` was when it was asked.
 * @param {() => number} raised
 * @param {(counts: Record<string, RoomCount>, raisedThen: number) => void} take
 */
export function watchReading(raised, take) {
  function look() {
    const room = openRoom()
    const last = room && isLookedAt(room) && lastPassed(room)
    if (!last || keyOf(last) <= Number(room.dataset.lastReadId)) return
    room.dataset.lastReadId = String(keyOf(last))
    tellSoon(room, TELL_AFTER)
  }

  /**
   * @param {HTMLElement} room
   * @param {number} wait
   */
  function tellSoon(room, wait) {
    if (!telling) telling = setTimeout(() => tell(room), wait)
  }

  /** @param {HTMLElement} room */
  async function tell(room) {
    telling = undefined
    const raisedThen = raised()
    const body = new URLSearchParams({ last_read_id: room.dataset.lastReadId ?? "" })
    const headers = { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf ?? "" }
    const answer = await request(`${room.dataset.url}read/`, { method: "POST", headers, body })
    if (answer.isOk && answer.isJson) {
      again.reset()
      take(answer.body, raisedThen)
    } else if (answer.lost || answer.status >= 500) tellSoon(room, again.next())
  }

  listen("chat:scrolled", look)
  addEventListener("focus", look)
  addEventListener("blur", leave)
  document.addEventListener("visibilitychange", () => (document.hidden ? leave() : look()))
}

/** The newest message whose end is above the bottom of the window. @param {HTMLElement} room */
function lastPassed(room) {
  const { bottom } = logOf(room).getBoundingClientRect()
  return messagesOf(room).findLast((message) => message.getBoundingClientRect().bottom <= bottom + 2)
}

/** Somebody who comes back finds the line above what was said meanwhile. */
function leave() {
  const room = openRoom()
  if (room && !listOf(room).dataset.to) room.dataset.line = room.dataset.lastReadId
}

/** Read in another tab or on another device. */
listen("realtime:ephemeral", ({ read }) => {
  const room = openRoom()
  if (!read || room?.dataset.room !== String(read.room)) return
  room.dataset.lastReadId = String(Math.max(Number(room.dataset.lastReadId), read.last_read_id))
})
