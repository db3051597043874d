// Words that would be lost: typed, and neither sent nor kept as a draft.

import { all } from "./dom.js"
import { isField } from "./fields.js"

/** @param {ParentNode} root */
export function hasUnsaved(root) {
  const fields = all(root, "input, textarea").filter(isField)
  return fields.some((field) => field.value !== field.defaultValue && field.value.trim() && !("kept" in field.dataset))
}
