// One registry: what the keys do, and what the help says of them.

import { openDialog } from "../page/dialogs.js"
import { closest, find, isOn, make } from "../page/dom.js"
import { latin } from "../page/keys.js"
import { boardWords as words } from "../page/words.js"
import { columnOf, columns } from "./cards.js"
import { goTo, isLifted, lift, moveByKey, whileLifted } from "./keyboard.js"

/**
 * `isOfCard` keys want a card that has the focus; the others work anywhere on the board.
 * @typedef {{on: string[], shown: string, says: string, hasShift?: boolean}} Shortcut
 * @typedef {Shortcut & ({isOfCard: true, run: (item: HTMLElement, key: string) => void} | {isOfCard: false, run: (item: HTMLElement | null) => void})} Action
 */

/** @type {Action[]} */
const actions = [
  { on: ["ArrowDown", "ArrowUp", "j", "k"], shown: "↓ ↑ j k", says: words.key_next, isOfCard: true, run: goTo },
  { on: ["ArrowRight", "ArrowLeft", "l", "h"], shown: "→ ← l h", says: words.key_column, isOfCard: true, run: goTo },
  { on: [], shown: "Enter", says: words.key_open, isOfCard: true, run() {} },
  {
    on: ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"],
    hasShift: true,
    shown: "Shift + ↓ ↑ → ←",
    says: words.key_shift,
    isOfCard: true,
    run: moveByKey,
  },
  {
    on: ["[", "]"],
    shown: "[ ]",
    says: words.key_brackets,
    isOfCard: true,
    run: (item, key) => moveByKey(item, key === "[" ? "ArrowLeft" : "ArrowRight"),
  },
  { on: [" "], shown: words.space, says: words.key_lift, isOfCard: true, run: lift },
  { on: ["c"], shown: "c", says: words.key_add, isOfCard: false, run: focusTitle },
  { on: ["?"], shown: "?", says: words.key_help, isOfCard: false, run: showHelp },
]

/** Begin a new task in the card's column, else in the first. @param {HTMLElement | null} item */
export function focusTitle(item) {
  find(item ? columnOf(item) : columns()[0], ".quick-add__title")?.focus()
}

function showHelp() {
  const dialog = make("dialog", { className: "sheet", ariaLabel: words.keys })
  const list = make("dl", { className: "keys" })
  for (const { shown, says } of actions) {
    list.append(make("dt", {}, make("kbd", { textContent: shown })), make("dd", { textContent: says }))
  }
  const close = make("button", { className: "button", textContent: words.close })
  close.onclick = () => dialog.close()
  dialog.append(make("h2", { className: "sheet__title", textContent: words.keys }), list, close)
  openDialog(dialog)
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || find(document, "dialog[open]")) return
  if (isOn(event, "input, textarea, select, [contenteditable]")) return
  const item = isOn(event, ".card__link") ? closest(event, "li[id^='task-']") : null
  if (isLifted()) return whileLifted(event)
  const isArrow = event.key.startsWith("Arrow")
  const pressed = latin(event)
  for (const action of actions) {
    if (!action.on.includes(pressed) || (isArrow && !!action.hasShift !== event.shiftKey)) continue
    if (action.isOfCard && !item) continue
    event.preventDefault()
    if (!action.isOfCard) action.run(item)
    else if (item) action.run(item, pressed)
    return
  }
})
