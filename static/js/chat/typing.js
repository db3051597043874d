// Who is writing. Nothing of it is kept: it is told at most every ten seconds, and goes by itself.

import { now } from "../page/clock.js"
import { whisper } from "../realtime/live.js"
import { openRoom, words } from "./history.js"

const TELL_EVERY = 10_000
const IDLE_AFTER = 5_000
const GONE_AFTER = 15_000

const writers = new Map() // user → { room, name, timer }
let toldAt = 0
let idle = null

/** Somebody has typed in the composer of `room`; with nothing in it they have stopped. */
export function typed(room, isWriting) {
  clearTimeout(idle)
  if (!isWriting) return stopped(room)
  idle = setTimeout(() => stopped(room), IDLE_AFTER)
  if (now() - toldAt < TELL_EVERY) return
  toldAt = now()
  whisper({ type: "typing", room: Number(room.dataset.room), on: true })
}

export function stopped(room) {
  clearTimeout(idle)
  if (!toldAt) return
  toldAt = 0
  whisper({ type: "typing", room: Number(room.dataset.room), on: false })
}

document.addEventListener("board:whispered", ({ detail: { typing } }) => {
  if (!typing) return
  clearTimeout(writers.get(typing.user)?.timer)
  writers.delete(typing.user)
  if (typing.on) {
    const timer = setTimeout(() => gone(typing.user), GONE_AFTER)
    writers.set(typing.user, { room: typing.room, name: typing.name, timer })
  }
  showTyping()
})

function gone(user) {
  writers.delete(user)
  showTyping()
}

export function showTyping() {
  const room = openRoom()
  if (!room) return
  const names = [...writers.values()].filter((one) => one.room === Number(room.dataset.room)).map((one) => one.name)
  const sentence = ["", words().one_writes, words().two_write][names.length] ?? words().several_write
  room.querySelector(".chat__typing").textContent = sentence.replace("{name}", names[0]).replace("{other}", names[1])
}
