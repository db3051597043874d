// Writing a message: keys, the draft that is kept in this browser, answering another message.

import { clearFiles, filesFor } from "./uploads.js"
import { listOf, openRoom, words } from "./history.js"
import { edit, textOf } from "./messages.js"
import { send } from "./outbox.js"
import { stopped, typed } from "./typing.js"
import { isComposing } from "../page/page.js"

const isTouch = matchMedia("(pointer: coarse)")
const fieldOf = (room) => room.querySelector(".chat__foot .composer__field")
const draftKey = (room) => `draft:${document.body.dataset.me}:room-${room.dataset.room}`

export function showComposer(room) {
  const field = fieldOf(room)
  if (!field) return
  const { text = "", reply = "" } = JSON.parse(localStorage.getItem(draftKey(room))) ?? {}
  field.value ||= text
  if (reply) answerTo(room, reply)
}

function keepDraft(room) {
  const { text, reply_to } = fieldOf(room).form.elements
  try {
    if (text.value || reply_to.value)
      localStorage.setItem(draftKey(room), JSON.stringify({ text: text.value, reply: reply_to.value }))
    else localStorage.removeItem(draftKey(room))
  } catch {
    // A browser that keeps nothing: the text stays in the field.
  }
}

/** The next message answers the one with this key; none, when it is empty. */
export function answerTo(room, pk) {
  const message = document.getElementById(`message-${pk}`)
  const line = room.querySelector(".composer__quote")
  fieldOf(room).form.elements.reply_to.value = message ? pk : ""
  line.hidden = !message
  if (message) {
    line.querySelector("b bdi").textContent = message.querySelector(".entry__byline b").textContent
    line.querySelector("i bdi").textContent = textOf(message)
  }
  keepDraft(room)
}

document.addEventListener("chat:answer", ({ detail }) => {
  answerTo(openRoom(), detail)
  fieldOf(openRoom()).focus()
})

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".chat__foot .composer")
  if (!form) return
  event.preventDefault()
  const room = openRoom()
  const { text, reply_to } = form.elements
  const refusal = room.querySelector(".composer__refusal")
  refusal.textContent = [...text.value].length > text.dataset.longest ? words().too_long : ""
  const files = filesFor(room)
  if (!files) refusal.textContent = words().still_uploading
  if (refusal.textContent || (!text.value.trim() && !files.length)) return
  send(room, text.value, reply_to.value, files)
  text.value = ""
  clearFiles(room)
  answerTo(room, "")
  stopped(room)
  text.focus()
})

document.addEventListener("input", (event) => {
  const room = openRoom()
  if (!room || event.target !== fieldOf(room)) return
  keepDraft(room)
  typed(room, !!event.target.value.trim())
})

document.addEventListener("keydown", (event) => {
  const room = openRoom()
  if (!room || event.target !== fieldOf(room) || event.defaultPrevented || isComposing(event)) return
  if (event.key === "Enter" && sends(event)) {
    event.preventDefault()
    event.target.form.requestSubmit()
  } else if (event.key === "ArrowUp" && !event.target.value) {
    const last = [...listOf(room).querySelectorAll(":scope > .message[data-mine]:not(.message--pending)")].at(-1)
    if (!last) return
    event.preventDefault()
    edit(last)
  } else if (event.key === "Escape" && event.target.form.elements.reply_to.value) {
    event.preventDefault()
    answerTo(room, "")
  }
})

/** On a touch screen Enter is for a new line, and the button sends. */
function sends(event) {
  return event.ctrlKey || event.metaKey || (!event.shiftKey && !isTouch.matches)
}

document.addEventListener("click", (event) => {
  if (!event.target.closest(".composer__quote button")) return
  answerTo(openRoom(), "")
  fieldOf(openRoom()).focus()
})
