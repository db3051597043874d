// What is pasted or dropped into a field: the words, all of them. A file that nothing takes does not replace the page,
// and with it what is written there.

import { all } from "./dom.js"
import { insert, isField, isLine, oneLine } from "./fields.js"
import { wordsOf } from "./transfers.js"

const LOOKS = /<(style|script)\b[\s\S]*?<\/\1\s*>|\sstyle=(?:"[^"]*"|'[^']*')/gi // the page's policy forbids them

/** @param {string} html */
function textOfHtml(html) {
  const { body } = new DOMParser().parseFromString(html.replace(LOOKS, ""), "text/html")
  for (const cell of all(body, "td, th")) cell.append("\t")
  for (const line of all(body, "br, p, div, li, tr, h1, h2, h3, h4, h5, h6, pre")) line.after("\n")
  return body.textContent ?? ""
}

/** The words that a paste or a drop brings; none when it brings files only. @param {DataTransfer | null} transfer */
export const wordsIn = (transfer) => (transfer ? wordsOf(transfer, textOfHtml) : "")

document.addEventListener("paste", (event) => {
  const { target, clipboardData } = event
  const words = wordsIn(clipboardData)
  if (!words || event.defaultPrevented || !isField(target)) return
  const hasPlain = !!clipboardData?.getData("text/plain").trim()
  const isAsItIs = hasPlain && !clipboardData?.files.length && !(isLine(target) && /[\r\n]/.test(words))
  if (isAsItIs) return // the browser puts it in
  event.preventDefault()
  insert(target, isLine(target) ? oneLine(words) : words)
})

/** Whether files are dragged over what takes none. @param {DragEvent} event */
const isStray = (event) =>
  !event.defaultPrevented &&
  !!event.dataTransfer?.types.includes("Files") &&
  !(event.target instanceof HTMLInputElement && event.target.type === "file")

// At the window: after all who may take them.

addEventListener("dragover", (event) => {
  if (!isStray(event)) return
  event.preventDefault()
  if (event.dataTransfer && !isField(event.target)) event.dataTransfer.dropEffect = "none"
})

addEventListener("drop", (event) => {
  if (!isStray(event)) return
  event.preventDefault()
  const words = wordsIn(event.dataTransfer)
  if (words && isField(event.target)) insert(event.target, isLine(event.target) ? oneLine(words) : words)
})
