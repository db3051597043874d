// Keys pressed while an input method makes up a word are its own: no other script hears of them, and they neither send
// a form nor close a dialog.

import { isComposing } from "./keys.js"

addEventListener(
  "keydown",
  (event) => {
    if (!isComposing(event)) return
    event.stopImmediatePropagation()
    const isLine = event.target instanceof HTMLInputElement
    if (event.key === "Escape" || (event.key === "Enter" && isLine)) event.preventDefault()
  },
  true, // at the window: before all others
)
