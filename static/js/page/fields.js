// The fields that people write in.

/** @typedef {HTMLInputElement | HTMLTextAreaElement} Field */

const LINES = new Set(["text", "search", "url", "email", "tel"])

/** @param {EventTarget | null} target @returns {target is Field} */
export const isField = (target) => target instanceof HTMLTextAreaElement || isLine(target)

/** A field of one line. @param {EventTarget | null} target @returns {target is HTMLInputElement} */
export const isLine = (target) => target instanceof HTMLInputElement && LINES.has(target.type)

/** Put `text` where the field's caret is, or in place of what is selected, as typing does. @param {Field} field @param {string} text */
export function insert(field, text) {
  field.focus()
  if (document.execCommand("insertText", false, text)) return // it can be undone
  field.setRangeText(text, field.selectionStart ?? 0, field.selectionEnd ?? 0, "end")
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

/** Put `text` in place of all that was there. @param {Field} field @param {string} text */
export function write(field, text) {
  field.value = isLine(field) ? oneLine(text) : text
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

/** `text` for a field of one line, which would join the words on both sides of a line break. @param {string} text */
export const oneLine = (text) => text.trim().replace(/\s*[\n\v\f\r\u0085\u2028\u2029]+\s*/g, " ")
