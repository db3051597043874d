// Forms and buttons of messages: fetched from the pages that they also are, and posted without leaving the room.

/** @import { Fields } from "../realtime/change.js" */
import { closest, elementOf, find, make } from "../page/dom.js"
import { request } from "../page/requests.js"
import { toast } from "../page/toasts.js"
import { boardWords, chatWords } from "../page/words.js"
import { change } from "../realtime/change.js"
import { catchUp } from "../realtime/connection.js"
import { refusalOf } from "../realtime/refusals.js"
import { keyOf, openRoom } from "./room_elements.js"

/**
 * @param {HTMLElement} message
 * @param {string} action
 */
export const urlOf = (message, action) => `${openRoom()?.dataset.home}messages/${keyOf(message)}/${action}/`

/** @param {string} url @returns {Promise<HTMLFormElement | null>} */
export async function formAt(url) {
  const answer = await request(url, { headers: { "X-Fragment": "form" } })
  if (answer.isOk && !answer.isJson) return /** @type {HTMLFormElement} */ (elementOf(answer.body))
  toast(refusalOf(answer, boardWords)?.message ?? chatWords().refused)
  return null
}

/** @param {HTMLFormElement} form @returns {[string, FormDataEntryValue][]} */
const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken")

/** Whether the form was taken; if not, its refusal stands in it. @param {HTMLFormElement} form */
export async function posted(form) {
  const refusal = await change(form.getAttribute("action") ?? "", fieldsOf(form))
  find(form, ".refusal")?.remove()
  if (!refusal) return true
  form.append(make("p", { className: "field__error refusal", role: "alert", textContent: refusal.message }))
  return false
}

/**
 * Pressing again may undo what was done: after a lost answer the message says what is so.
 * @param {string} url
 * @param {Fields} [fields]
 */
export async function post(url, fields = {}) {
  const refusal = await change(url, fields)
  if (!refusal) return
  catchUp() // whether it was made after all, or what has become of the message
  toast(refusal.message)
}

/** What stands under a message may have buttons too: to stop an agent, to ask it again. */
document.addEventListener("submit", (event) => {
  /** @type {HTMLFormElement | null} */
  const form = closest(event, ".message form:not(.message__edit)")
  if (!form) return
  event.preventDefault()
  post(form.getAttribute("action") ?? "", fieldsOf(form))
})
