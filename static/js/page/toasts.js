// Short sentences at the edge of the page: they go by themselves, or stay until their button is pressed.

import { all, make } from "./dom.js"
import { boardWords } from "./words.js"

const TOAST_SECONDS = 6
const CONTROL_SECONDS = 12
/** @type {HTMLElement | undefined} */
let leading
/** @type {Map<string, HTMLElement>} */
const retries = new Map() // what can be tried again → its toast

/** @param {string} sentence */
export function toast(sentence) {
  leave(lastingToast(sentence))
}

/** A toast that stays. @param {...(Node | string)} content */
export function lastingToast(...content) {
  const line = make("p", { className: "toast" }, ...content)
  document.getElementById("toasts")?.append(line)
  return line
}

/**
 * A toast that stays until `again` is asked for, or it is closed; one at a time for each `key`.
 * @param {string} key
 * @param {string} sentence
 * @param {() => unknown} again
 */
export function retryToast(key, sentence, again) {
  dismissRetry(key)
  const retry = make("button", { type: "button", textContent: boardWords.retry })
  const close = make("button", { type: "button", textContent: boardWords.close })
  retries.set(key, lastingToast(sentence, retry, close))
  close.onclick = () => dismissRetry(key)
  retry.onclick = () => {
    dismissRetry(key)
    again()
  }
}

/**
 * A toast with what leads further; it goes by itself, but not from under a pointer or the focus. One at a time.
 * @param {string} sentence
 * @param {HTMLElement} control
 */
export function controlToast(sentence, control) {
  leading?.remove()
  const line = lastingToast(sentence, control)
  leading = line
  const isInUse = () => line.matches(":hover, :focus-within")
  const timer = setInterval(() => {
    if (line.isConnected && isInUse()) return
    line.remove()
    clearInterval(timer)
  }, CONTROL_SECONDS * 1000)
  control.addEventListener("click", () => line.remove())
}

/** @param {string} key */
export function dismissRetry(key) {
  retries.get(key)?.remove()
  retries.delete(key)
}

/** @param {HTMLElement} line */
function leave(line) {
  setTimeout(() => line.remove(), TOAST_SECONDS * 1000)
}

all(document, ".toasts > .toast").forEach(leave)
