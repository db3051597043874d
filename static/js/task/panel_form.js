// The forms of the open task: the answer is the frame that redraws what changed.

/** @import { Field } from "../page/fields.js" */
/** @import { Refusal } from "../realtime/refusals.js" */
import { all, closest, fieldOf, make, one } from "../page/dom.js"
import { boardWords as words } from "../page/words.js"
import { change } from "../realtime/change.js"
import { catchUp } from "../realtime/connection.js"
import { release } from "../realtime/live.js"
import { isLost } from "../realtime/refusals.js"
import { showConflict } from "./edit_conflict.js"
import { enableButtons, openPanel } from "./panel_parts.js"
import { forgetDrafts, idOfWords, renewDrafts } from "./task_drafts.js"

document.addEventListener("submit", (event) => {
  /** @type {HTMLFormElement | null} */
  const form = closest(event, ".drawer form")
  if (!form) return
  event.preventDefault()
  send(form, /** @type {HTMLButtonElement | null} */ (event.submitter))
})

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} submitter
 * @param {Record<string, string>} [more] fields besides the form's own
 */
async function send(form, submitter, more = {}) {
  if (form.ariaBusy === "true") return
  const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action") ?? ""
  nameWords(form)
  const own = [...new FormData(form, submitter?.name ? submitter : null)].filter(([name]) => isSent(form, name))
  form.ariaBusy = "true"
  clearRefusal(form)
  const open = openDetailsAround(form)
  const refusal = await change(url, [...own, ...Object.entries(more)])
  form.ariaBusy = "false"
  if (refusal) return showRefusal(form, submitter, refusal)
  forgetDrafts(form)
  for (const each of open) each.open = false
  /** @type {Field[]} */
  const written = form.matches("[data-edit]") ? [] : all(form, "[data-draft], .quick-add__title")
  for (const field of written) empty(field)
  release()
  enableButtons()
  const panel = openPanel()
  if (panel && document.activeElement === document.body) one(panel, ".drawer__title").focus({ preventScroll: true })
}

/** A comment has an id, under which it is posted once however often it is sent. @param {HTMLFormElement} form */
function nameWords(form) {
  /** @type {HTMLInputElement | null} */
  const id = fieldOf(form, "client_comment_id")
  if (id) id.value = idOfWords(form)
}

/** @param {HTMLFormElement} form */
function openDetailsAround(form) {
  /** @type {HTMLDetailsElement[]} */
  const open = all(/** @type {HTMLElement} */ (form.closest(".drawer")), "details[open]:not(.attempt, .attempt__sent)")
  return open.filter((each) => each.contains(form))
}

/**
 * Of a text that is edited only what differs from what was shown, so that another's change of the rest stands.
 * @param {HTMLFormElement} form
 * @param {string} name
 */
function isSent(form, name) {
  const field = fieldOf(form, name)
  if (name === "csrfmiddlewaretoken") return false
  const isText = field instanceof HTMLInputElement || field instanceof HTMLTextAreaElement
  return !(form.matches("[data-edit]") && isText && field.matches("[data-draft]") && field.value === field.defaultValue)
}

/** @param {Field} field */
function empty(field) {
  field.value = ""
  delete field.dataset.editing
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} submitter
 * @param {Refusal} refusal
 */
function showRefusal(form, submitter, refusal) {
  if (isLost(refusal)) catchUp() // whether it was made after all
  if (refusal.code === "already_posted") renewDrafts(form)
  if (refusal.code === "open_subtasks") return askAnyway(form, submitter, refusal)
  if (refusal.code === "conflict" && refusal.current && form.matches("[data-edit]")) return showConflict(form, refusal)
  form.append(make("p", { className: "field__error refusal", role: "alert", textContent: refusal.message }))
  if (form.matches(".facts__item")) form.reset()
}

/**
 * @param {HTMLFormElement} form
 * @param {HTMLButtonElement | null} submitter
 * @param {Refusal} refusal
 */
function askAnyway(form, submitter, { message, done_parent }) {
  const opens = form.matches(".quick-add") ? words.add_anyway : words.open_anyway
  const textContent = done_parent ? opens : words.anyway
  const button = make("button", { type: "button", className: "button button--small", textContent })
  button.onclick = () => send(form, submitter, { anyway: "1" })
  form.append(make("p", { className: "field__error refusal", role: "alert" }, `${message} `, button))
  button.focus()
}

/** @param {HTMLFormElement} form */
function clearRefusal(form) {
  for (const line of all(form, ".refusal")) line.remove()
}

document.addEventListener("change", (event) => {
  /** @type {HTMLFormElement | null} */
  const form = closest(event, ".drawer form.facts__item")
  form?.requestSubmit()
})

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return
  /** @type {HTMLFormElement | null} */
  const form = closest(event, ".drawer form")
  form?.requestSubmit()
})

/** A subtask half typed holds its part of the panel as it is. */
document.addEventListener("input", ({ target }) => {
  if (target instanceof HTMLInputElement && target.matches(".drawer .quick-add__title"))
    target.toggleAttribute("data-editing", !!target.value)
})
