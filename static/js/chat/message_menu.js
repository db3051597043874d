// What one can do with a message: a menu for all messages, put into the one it was asked for.

import { all, closest, find, one } from "../page/dom.js"
import { release } from "../realtime/live.js"
import { actions, can, react } from "./message_actions.js"
import { openRoom } from "./room_elements.js"

/** @type {HTMLElement | null} */
let menu = null

/** @param {HTMLElement} message */
function openMenu(message) {
  closeMenu()
  menu = drawMenu(message)
  message.append(menu)
  message.dataset.held = ""
  one(message, ".message__more").ariaExpanded = "true"
  menu.toggleAttribute("data-up", isLow(message, menu))
  choicesOf(menu)[0].focus({ preventScroll: true })
  menu.scrollIntoView({ block: "nearest" })
}

/** @param {HTMLElement} message */
function drawMenu(message) {
  const template = /** @type {HTMLTemplateElement} */ (one(document, ".chat__menu"))
  const fresh = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
  const isMine = "mine" in message.dataset
  for (const choice of all(fresh, "[data-needs]")) {
    const needs = choice.dataset.needs?.split(" ") ?? []
    choice.hidden = !needs.some((need) => (need === "mine" ? isMine && can("comment") : can(need)))
  }
  if (!find(message, ".preview")) one(fresh, "[data-only-previewed]").remove()
  for (const name of all(fresh, "[data-when]")) name.hidden = name.dataset.when !== message.dataset.pinned
  if (!find(message, ".message__edited")) one(fresh, "[data-only-edited]").remove()
  return fresh
}

/**
 * Whether the menu has no room below.
 * @param {HTMLElement} message
 * @param {HTMLElement} opened
 */
function isLow(message, opened) {
  const log = /** @type {HTMLElement} */ (message.closest(".chat__log")).getBoundingClientRect()
  const { top } = message.getBoundingClientRect()
  return top + opened.offsetHeight + 40 > log.bottom && top - opened.offsetHeight > log.top
}

/** @param {HTMLElement} opened */
const choicesOf = (opened) => all(opened, "button").filter((button) => button.checkVisibility())

function closeMenu({ focus = false } = {}) {
  if (!menu) return
  /** @type {HTMLElement | null} */
  const message = menu.closest(".message")
  menu.remove()
  menu = null
  if (!message) return
  one(message, ".message__more").ariaExpanded = "false"
  if (!find(message, ".message__edit")) delete message.dataset.held
  if (focus) message.focus({ preventScroll: true })
  release()
}

document.addEventListener("click", (event) => {
  const opener = closest(event, ".message__more")
  /** @type {HTMLElement | null | undefined} */
  const message = opener?.closest(".message")
  if (!message) {
    if (!menu?.contains(/** @type {Node} */ (event.target))) closeMenu()
  } else if (menu && opener?.ariaExpanded === "true") closeMenu({ focus: true })
  else openMenu(message)
})

document.addEventListener("keydown", (event) => {
  const message = closest(event, ".message")
  if (message && message === event.target && event.key === "Enter") {
    event.preventDefault()
    openMenu(message)
  } else if (menu?.contains(/** @type {Node} */ (event.target))) inMenu(event, choicesOf(menu))
})

const STEPS = new Map([
  ["ArrowDown", 1],
  ["ArrowRight", 1],
  ["ArrowUp", -1],
  ["ArrowLeft", -1],
])

/**
 * @param {KeyboardEvent} event
 * @param {HTMLElement[]} choices
 */
function inMenu(event, choices) {
  const at = choices.indexOf(/** @type {HTMLElement} */ (document.activeElement))
  const step = STEPS.get(event.key)
  if (step) choices[(at + step + choices.length) % choices.length].focus()
  else if (event.key === "Home" || event.key === "End") choices.at(event.key === "Home" ? 0 : -1)?.focus()
  else if (event.key === "Escape") closeMenu({ focus: true })
  else if (event.key === "Tab") return closeMenu()
  else return
  event.preventDefault()
}

document.addEventListener("click", (event) => {
  const button = closest(event, ".message__menu button")
  /** @type {HTMLElement | null | undefined} */
  const message = button?.closest(".message")
  if (!button || !message) return
  const { emoji, action = "" } = button.dataset
  closeMenu({ focus: true })
  if (emoji) react(message, emoji)
  else actions[action](message)
})

document.addEventListener("click", (event) => {
  const reaction = closest(event, ".reaction")
  /** @type {HTMLElement | null | undefined} */
  const message = reaction?.closest(".message")
  if (message && openRoom() && can("comment")) react(message, reaction?.dataset.emoji ?? "")
})
