// Texts of the open task that are half written.

import { all, closest, fieldOf } from "../page/dom.js"
import { keepDraft, readDraft } from "../page/drafts.js"
import { enableButtons, openPanel } from "./panel_parts.js"

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */
/** @typedef {{text: string, version?: string}} Draft */

/** @param {Field} field */
const keyOf = (field) => `draft:${document.body.dataset.me}:${openPanel()?.dataset.task}:${field.name}`

/** The version that the form edits. @param {Field} field @returns {HTMLInputElement | null} */
const versionOf = (field) => (field.form ? fieldOf(field.form, "version") : null)

document.addEventListener("input", (event) => {
  /** @type {Field | null} */
  const field = closest(event, ".drawer [data-draft]")
  if (!field) return
  keepDraft(keyOf(field), { text: field.value, version: versionOf(field)?.value })
  enableButtons()
})

/** An edit goes on from the version it began at, so that what changed since is a conflict and not overwritten. @param {ParentNode} root */
export function restoreDrafts(root) {
  /** @type {Field[]} */
  const fields = all(root, "[data-draft]")
  for (const field of fields) {
    /** @type {Draft | null} */
    const draft = readDraft(keyOf(field))
    if (!draft || draft.text === field.value) continue
    field.value = draft.text
    const version = versionOf(field)
    if (!draft.version || !version) continue
    version.value = String(Math.min(Number(version.value), Number(draft.version)))
    const details = field.closest("details")
    if (details) details.open = true
  }
}

/** @param {HTMLFormElement} form */
export function forgetDrafts(form) {
  /** @type {Field[]} */
  const fields = all(form, "[data-draft]")
  for (const field of fields) keepDraft(keyOf(field), null)
}

/** An edit opened again goes on where it was left. */
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target instanceof HTMLDetailsElement && target.matches(".drawer .edit[open]")) restoreDrafts(target)
  },
  true,
)
