// A field keeps all that is typed, pasted or dropped into it. Beyond its limit a line at the field says by how much, and
// its form is not sent: a browser would cut at a `maxlength`, without a word.

/** @import { Field } from "./fields.js" */
import { all, closest, make } from "./dom.js"
import { lengthOf } from "./lengths.js"
import { fill } from "./sentences.js"
import { uuid } from "./uuid.js"
import { pageWords as words } from "./words.js"

const IN_A_ROW = ".quick-add, .composer" // forms of one row, which have the line below it

/** @param {Field} field */
function faultOf(field) {
  const limit = Number(field.dataset.limit)
  const count = lengthOf(field.value, { isLine: field instanceof HTMLInputElement })
  return count > limit ? fill(words.too_long, { count, limit }) : ""
}

/** Whether the field's text fits; its line says what is so now. @param {Field} field */
export function showLimit(field) {
  const fault = faultOf(field)
  const line = document.getElementById(field.dataset.limitLine ?? "")
  if (fault) (line ?? addLine(field)).textContent = fault
  else if (line) removeLine(field, line)
  return !fault
}

/** @param {Field} field */
function addLine(field) {
  const line = make("span", { id: `limit-${uuid()}`, className: "field__error field__limit", role: "status" })
  field.dataset.limitLine = line.id
  field.ariaInvalid = "true"
  field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") ?? ""} ${line.id}`.trim())
  /** @type {HTMLElement | null} */
  const row = field.closest(IN_A_ROW)
  if (row) row.append(line)
  else (field.closest("label") ?? field).after(line)
  return line
}

/**
 * @param {Field} field
 * @param {HTMLElement} line
 */
function removeLine(field, line) {
  const others = (field.getAttribute("aria-describedby") ?? "").split(" ").filter((id) => id !== line.id)
  if (others.length) field.setAttribute("aria-describedby", others.join(" "))
  else field.removeAttribute("aria-describedby")
  field.removeAttribute("aria-invalid")
  delete field.dataset.limitLine
  line.remove()
}

document.addEventListener("input", (event) => {
  /** @type {Field | null} */
  const field = closest(event, "[data-limit]")
  if (field) showLimit(field)
})

/** Before any script takes what is in the form. */
document.addEventListener(
  "submit",
  (event) => {
    /** @type {Field[]} */
    const fields = all(/** @type {HTMLFormElement} */ (event.target), "[data-limit]")
    const long = fields.filter((field) => !showLimit(field))
    if (!long.length) return
    event.preventDefault()
    event.stopImmediatePropagation()
    long[0].focus()
  },
  true,
)
