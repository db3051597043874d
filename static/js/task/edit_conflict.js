// Somebody changed the same field: both texts stand there until one is chosen.

/** @import { Refusal } from "../realtime/refusals.js" */
import { fieldOf, make } from "../page/dom.js"
import { write } from "../page/fields.js"
import { boardWords as words } from "../page/words.js"

/**
 * @param {HTMLFormElement} form
 * @param {Refusal} refusal
 */
export function showConflict(form, { message, version = "", current = {} }) {
  /** @type {HTMLInputElement} */
  const field = fieldOf(form, "version")
  field.value = version
  for (const [name, theirs] of Object.entries(current)) fieldOf(form, name).after(boxOf(form, name, theirs, message))
}

/**
 * @param {HTMLFormElement} form
 * @param {string} name
 * @param {string} theirs
 * @param {string} message
 */
function boxOf(form, name, theirs, message) {
  const take = make("button", { type: "button", className: "button button--small", textContent: words.take_theirs })
  const box = make(
    "div",
    { className: "refusal conflict", role: "alert" },
    make("p", { className: "field__error", textContent: message }),
    make("blockquote", { className: "conflict__text", textContent: theirs }),
    make("button", { className: "button button--small", textContent: words.keep_mine }),
    take,
  )
  take.onclick = () => {
    /** @type {HTMLInputElement} */
    const field = fieldOf(form, name)
    write(field, theirs)
    box.remove()
  }
  return box
}
