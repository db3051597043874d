// What the scripts of the panel share: the open task, and what changes with what is typed.

import { all, find } from "../page/dom.js"
import { reveal } from "../realtime/elements.js"

/** @returns {HTMLElement | null} */
export const openPanel = () => find(document, ".drawer[data-task]")

/** @returns {HTMLTextAreaElement | HTMLInputElement | null} */
const commentField = (/** @type {ParentNode} */ panel) => find(panel, ".composer__field")

/** Requesting changes needs words: its button is disabled until there are some. */
export function enableButtons() {
  const panel = openPanel()
  if (!panel) return
  const hasWords = !!commentField(panel)?.value.trim()
  /** @type {HTMLButtonElement[]} */
  const buttons = all(panel, "[data-with-words]")
  for (const button of buttons) button.disabled = !hasWords
}

/** @param {string | undefined} task @returns {HTMLElement | null} */
export const cardOf = (task) => find(document, `#task-${task} .card`)
/** @param {string | undefined} task @returns {HTMLElement | null} */
export const cardLinkOf = (task) => find(document, `#task-${task} .card__link`)

/** Mark the card of the open task; none without a key. @param {string} [task] */
export function markCard(task) {
  for (const card of all(document, ".card[aria-current]")) card.removeAttribute("aria-current")
  if (task) cardOf(task)?.setAttribute("aria-current", "true")
}

/** The open task's card is in sight beside it, also when it goes to another column. @param {HTMLElement} panel */
export function followCard(panel) {
  reveal(`task-${panel.dataset.task}`)
  const card = cardOf(panel.dataset.task)
  const column = card?.closest(".column")?.id
  if (!card || column === panel.dataset.seenIn) return
  panel.dataset.seenIn = column
  card.scrollIntoView({ block: "nearest", inline: "nearest" })
}
