// Editing a message in its place.

import { askToDiscard } from "../page/dialogs.js"
import { closest, fieldOf, find, isOn, one } from "../page/dom.js"
import { release } from "../realtime/live.js"
import { formAt, posted, urlOf } from "./message_forms.js"
import { composerOf, openRoom } from "./room_elements.js"

/** @param {HTMLElement} message */
export async function editMessage(message) {
  if (find(message, ".message__edit")) return
  const form = await formAt(urlOf(message, "edit"))
  if (!form) return
  message.dataset.held = ""
  one(message, ".entry__text").after(form)
  /** @type {HTMLTextAreaElement} */
  const field = fieldOf(form, "text")
  field.focus()
  field.setSelectionRange(field.value.length, field.value.length)
  message.scrollIntoView({ block: "nearest" })
}

/** @param {HTMLFormElement} form */
function closeEdit(form) {
  /** @type {HTMLElement | null} */
  const message = form.closest(".message")
  form.remove()
  if (message) delete message.dataset.held
  release()
  const room = openRoom()
  if (room) composerOf(room)?.focus({ preventScroll: true })
}

/** @param {Event} event @returns {HTMLFormElement | null} */
const formAround = (event) => closest(event, ".message__edit")

document.addEventListener("keydown", (event) => {
  const form = formAround(event)
  if (!form) return
  const isTouch = matchMedia("(pointer: coarse)").matches
  if (event.key === "Escape") askToDiscard(form, () => closeEdit(form))
  else if (event.key === "Enter" && isOn(event, "textarea") && !event.shiftKey && !isTouch) form.requestSubmit()
  else return
  event.preventDefault()
})

document.addEventListener("click", (event) => {
  const form = formAround(event)
  if (!form || !closest(event, "[data-cancel]")) return
  event.preventDefault()
  closeEdit(form)
})

document.addEventListener("submit", async (event) => {
  const form = formAround(event)
  if (!form) return
  event.preventDefault()
  if (await posted(form)) closeEdit(form)
})
