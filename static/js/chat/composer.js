// Writing a message: keys, the draft that is kept in this browser, answering another message.

import { all, closest, fieldOf, find, one } from "../page/dom.js"
import { listen } from "../page/events.js"
import { write } from "../page/fields.js"
import { showLimit } from "../page/limits.js"
import { drafts, placeOf } from "../page/page_drafts.js"
import { chatWords } from "../page/words.js"
import { editMessage } from "./message_edit.js"
import { sendMessage } from "./outbox.js"
import { composerOf, listOf, messageWith, openRoom, textOf } from "./room_elements.js"
import { stopTyping, typed } from "./typing.js"
import { clearFiles, filesFor } from "./uploads.js"

const isTouch = matchMedia("(pointer: coarse)")
/** @param {HTMLElement} room */
const placeOfRoom = (room) => placeOf(`room-${room.dataset.room}`)
/** The key of the message that is answered. @param {HTMLTextAreaElement} field @returns {HTMLInputElement} */
const replyOf = (field) => fieldOf(/** @type {HTMLFormElement} */ (field.form), "reply_to")

/** @param {HTMLElement} room */
export async function showComposer(room) {
  const field = composerOf(room)
  if (!field) return
  const draft = await drafts.adopt(placeOfRoom(room))
  if (!draft || !field.isConnected || field.value) return
  field.value = draft.text
  showLimit(field)
  if (draft.reply) replyTo(room, draft.reply)
}

/** @param {HTMLElement} room */
function keep(room) {
  const field = composerOf(room)
  if (!field) return
  drafts.keep(placeOfRoom(room), { text: field.value, reply: replyOf(field).value })
}

/**
 * The next message answers the one with this key; none, when it is empty.
 * @param {HTMLElement} room
 * @param {string | number} key
 */
function replyTo(room, key) {
  const field = composerOf(room)
  if (!field) return
  const message = messageWith(key)
  const line = one(room, ".composer__quote")
  replyOf(field).value = message ? String(key) : ""
  line.hidden = !message
  if (message) {
    one(line, "b bdi").textContent = one(message, ".entry__byline b").textContent
    one(line, "i bdi").textContent = textOf(message)
  }
  keep(room)
}

listen("chat:reply", (key) => {
  const room = openRoom()
  if (!room) return
  replyTo(room, key)
  composerOf(room)?.focus()
})

document.addEventListener("submit", (event) => {
  if (!closest(event, ".chat__foot .composer")) return
  event.preventDefault()
  const room = openRoom()
  const field = room && composerOf(room)
  if (!field) return
  const text = field.value
  const files = filesFor(room)
  one(room, ".composer__refusal").textContent = files ? "" : chatWords().still_uploading
  if (!files || (!text.trim() && !files.length)) return
  sendMessage(room, text, replyOf(field).value, files)
  drafts.sent(placeOfRoom(room))
  field.value = ""
  clearFiles(room)
  replyTo(room, "")
  stopTyping(room)
  field.focus()
})

/** What another tab has sent is not sent from this one again. */
drafts.onSentElsewhere((place, text) => {
  const room = openRoom()
  const field = room && composerOf(room)
  if (!field || placeOfRoom(room) !== place || field.value !== text) return
  write(field, "")
  replyTo(room, "")
})

/** The room whose composer `event` happened in. @param {Event} event */
function roomOf(event) {
  const room = openRoom()
  const field = room && composerOf(room)
  return field && event.target === field ? { room, field } : null
}

document.addEventListener("input", (event) => {
  const at = roomOf(event)
  if (!at) return
  keep(at.room)
  typed(at.room, !!at.field.value.trim())
})

document.addEventListener("keydown", (event) => {
  const at = roomOf(event)
  if (!at || event.defaultPrevented) return
  const { room, field } = at
  if (event.key === "Enter" && sends(event)) {
    event.preventDefault()
    field.form?.requestSubmit()
  } else if (event.key === "ArrowUp" && !field.value) {
    const last = all(listOf(room), ":scope > .message[data-mine]:not(.message--pending)").at(-1)
    if (!last) return
    event.preventDefault()
    editMessage(last)
  } else if (event.key === "Escape" && replyOf(field).value) {
    event.preventDefault()
    replyTo(room, "")
  }
})

/** On a touch screen Enter is for a new line, and the button sends. @param {KeyboardEvent} event */
function sends(event) {
  return event.ctrlKey || event.metaKey || (!event.shiftKey && !isTouch.matches)
}

document.addEventListener("click", (event) => {
  const room = openRoom()
  if (!room || !closest(event, ".composer__quote button")) return
  replyTo(room, "")
  find(room, ".chat__foot .composer__field")?.focus()
})
