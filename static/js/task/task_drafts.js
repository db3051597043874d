// Texts of the open task that are half written.

/** @import { Field } from "../page/fields.js" */
import { all, closest, fieldOf, find } from "../page/dom.js"
import { write } from "../page/fields.js"
import { drafts, placeOf } from "../page/page_drafts.js"
import { enableButtons, openPanel } from "./panel_parts.js"

/** A field's name, or the value of `data-draft` where another has the same. @param {Field} field */
const placeOfField = (field) => placeOf(`${openPanel()?.dataset.task}:${field.dataset.draft || field.name}`)

/** The version that the form edits. @param {Field} field @returns {HTMLInputElement | null} */
const versionOf = (field) => (field.form ? fieldOf(field.form, "version") : null)

/** @param {ParentNode} root @returns {Field[]} */
const fieldsIn = (root) => all(root, "[data-draft]")

document.addEventListener("input", (event) => {
  /** @type {Field | null} */
  const field = closest(event, ".drawer [data-draft]")
  if (!field) return
  const isKept = drafts.keep(placeOfField(field), { text: field.value, version: versionOf(field)?.value })
  field.toggleAttribute("data-kept", isKept)
  enableButtons()
})

/** An edit goes on from the version it began at, so that what changed since is a conflict and not overwritten. @param {ParentNode} root */
export function restoreDrafts(root) {
  for (const field of fieldsIn(root)) restore(field)
}

/** @param {Field} field */
async function restore(field) {
  const shown = field.value
  const draft = await drafts.adopt(placeOfField(field))
  if (!draft || !field.isConnected || field.value !== shown || draft.text === shown) return
  const version = versionOf(field)
  if (draft.version && version) version.value = String(Math.min(Number(version.value), Number(draft.version)))
  write(field, draft.text)
  const details = field.closest("details")
  if (details?.matches(".edit")) details.open = true
}

/** The id for the words that are sent now: the same when they are sent again. @param {HTMLFormElement} form */
export function idOfWords(form) {
  const [field] = fieldsIn(form)
  return drafts.attempt(placeOfField(field), field.value)
}

/** @param {HTMLFormElement} form */
export function renewDrafts(form) {
  for (const field of fieldsIn(form)) drafts.renew(placeOfField(field))
}

/** @param {HTMLFormElement} form */
export function forgetDrafts(form) {
  for (const field of fieldsIn(form)) drafts.sent(placeOfField(field))
}

/** What another tab has sent is not sent from this one again. */
drafts.onSentElsewhere((place, text) => {
  const panel = openPanel()
  const field = panel && fieldsIn(panel).find((each) => placeOfField(each) === place)
  if (field?.value === text) write(field, field.defaultValue)
})

/** What is opened again goes on where it was left. */
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (
      target instanceof HTMLDetailsElement &&
      target.open &&
      find(target, "[data-draft]") &&
      target.closest(".drawer")
    )
      restoreDrafts(target)
  },
  true,
)
