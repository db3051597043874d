// Who is writing. Nothing of it is stored: it is told at most every ten seconds, and goes by itself.

import { now } from "../page/clock.js"
import { one } from "../page/dom.js"
import { listen } from "../page/events.js"
import { chatWords } from "../page/words.js"
import { sendEphemeral } from "../realtime/connection.js"
import { openRoom } from "./room_elements.js"
import { TypingNotice, typingSentence, Writers } from "./typing_state.js"

const IDLE_AFTER = 5_000
const GONE_AFTER = 15_000

const writers = new Writers()
const notice = new TypingNotice()
/** @type {Map<number, number>} user → the timer after which they are taken to have stopped */
const timers = new Map()
/** @type {number | undefined} */
let idle

/**
 * Somebody has typed in the composer of `room`; with nothing in it they have stopped.
 * @param {HTMLElement} room
 * @param {boolean} isWriting
 */
export function typed(room, isWriting) {
  clearTimeout(idle)
  if (!isWriting) return stopTyping(room)
  idle = setTimeout(() => stopTyping(room), IDLE_AFTER)
  if (notice.start(now())) send(room, true)
}

/** @param {HTMLElement} room */
export function stopTyping(room) {
  clearTimeout(idle)
  if (notice.stop()) send(room, false)
}

/**
 * @param {HTMLElement} room
 * @param {boolean} on
 */
const send = (room, on) => sendEphemeral({ type: "typing", room: Number(room.dataset.room), on })

listen("realtime:ephemeral", ({ typing }) => {
  if (!typing) return
  clearTimeout(timers.get(typing.user))
  writers.set(typing)
  if (typing.on) {
    const timer = setTimeout(() => {
      writers.remove(typing.user)
      showTyping()
    }, GONE_AFTER)
    timers.set(typing.user, timer)
  }
  showTyping()
})

export function showTyping() {
  const room = openRoom()
  if (!room) return
  const names = writers.namesIn(Number(room.dataset.room))
  one(room, ".chat__typing").textContent = typingSentence(names, chatWords())
}
