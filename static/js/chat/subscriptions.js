// How much of the open room its reader wants to be told, and whether the browser may tell it out of sight.

import { openRoom } from "./history.js"
import { change } from "../realtime/live.js"
import { toast } from "../page/page.js"

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".chat__levels")
  if (!form) return
  event.preventDefault()
  const level = event.submitter.value
  const refusal = await change(form.getAttribute("action"), { level })
  if (refusal) return refusal.code !== "offline" && toast(refusal.message)
  press(form, level)
  document.dispatchEvent(new CustomEvent("chat:followed", { detail: { room: openRoom().dataset.room, level } }))
  form.closest("details").open = false
  form.closest("details").querySelector("summary").focus()
})

function press(form, level) {
  for (const button of form.querySelectorAll("[name=level]")) button.ariaPressed = String(button.value === level)
}

document.addEventListener("board:whispered", ({ detail: { subscription } }) => {
  const room = openRoom()
  if (subscription && room?.dataset.room === String(subscription.room))
    press(room.querySelector(".chat__levels"), subscription.level)
})

// A browser that may not show anything out of sight says so; it is asked by a click alone.

function showAllowed(bell) {
  const line = bell.querySelector(".chat__allow")
  const permission = globalThis.Notification?.permission ?? "granted"
  line.hidden = permission === "granted"
  for (const says of line.querySelectorAll("[data-state]")) says.hidden = says.dataset.state !== permission
  line.querySelector("button").hidden = permission !== "default"
}

document.addEventListener("toggle", ({ target }) => target.matches?.(".chat__bell") && showAllowed(target), true)

document.addEventListener("click", async (event) => {
  const bell = event.target.closest(".chat__allow button")?.closest(".chat__bell")
  if (!bell) return
  await Notification.requestPermission()
  showAllowed(bell)
})
