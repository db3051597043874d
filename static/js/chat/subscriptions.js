// How much of the open room its reader wants to be told, and whether the browser may tell it out of sight.

import { all, closest, find, one } from "../page/dom.js"
import { dispatch, listen } from "../page/events.js"
import { retryToast, toast } from "../page/toasts.js"
import { change } from "../realtime/change.js"
import { isLost } from "../realtime/refusals.js"
import { openRoom } from "./room_elements.js"

document.addEventListener("submit", (event) => {
  /** @type {HTMLFormElement | null} */
  const form = closest(event, ".chat__levels")
  if (!form) return
  event.preventDefault()
  choose(form, /** @type {HTMLButtonElement} */ (event.submitter).value)
})

/**
 * @param {HTMLFormElement} form
 * @param {string} level
 * @returns {Promise<void>}
 */
async function choose(form, level) {
  const refusal = await change(form.getAttribute("action") ?? "", { level })
  if (refusal && isLost(refusal)) return retryToast("level", refusal.message, () => choose(form, level))
  if (refusal) return toast(refusal.message)
  press(form, level)
  dispatch("chat:subscribed", { room: openRoom()?.dataset.room ?? "", level })
  const menu = form.closest("details")
  if (!menu) return
  menu.open = false
  one(menu, "summary").focus()
}

/**
 * @param {HTMLElement} form
 * @param {string} level
 */
function press(form, level) {
  /** @type {HTMLButtonElement[]} */
  const buttons = all(form, "[name=level]")
  for (const button of buttons) button.ariaPressed = String(button.value === level)
}

listen("realtime:ephemeral", ({ subscription }) => {
  const room = openRoom()
  const form = room && find(room, ".chat__levels")
  if (subscription && form && room.dataset.room === String(subscription.room)) press(form, subscription.level)
})

// A browser that may not show anything out of sight says so; it is asked by a click alone.

/** @param {HTMLElement} bell */
function showAllowed(bell) {
  const line = one(bell, ".chat__allow")
  const permission = globalThis.Notification?.permission ?? "granted"
  line.hidden = permission === "granted"
  for (const sentence of all(line, "[data-state]")) sentence.hidden = sentence.dataset.state !== permission
  one(line, "button").hidden = permission !== "default"
}

document.addEventListener(
  "toggle",
  ({ target }) => target instanceof HTMLElement && target.matches(".chat__bell") && showAllowed(target),
  true,
)

document.addEventListener("click", async (event) => {
  /** @type {HTMLElement | null | undefined} */
  const bell = closest(event, ".chat__allow button")?.closest(".chat__bell")
  if (!bell) return
  await Notification.requestPermission()
  showAllowed(bell)
})
