// Keeps the page at the head of its project's log: frames come by the socket, by polling and as answers to changes.

/** @import { Frame, Placed } from "./frames.js" */
import { all, find, one } from "../page/dom.js"
import { dispatch } from "../page/events.js"
import { request } from "../page/requests.js"
import { localTimes } from "../page/times.js"
import { apply, forgetLeftOut, isHeld, makeRoom } from "./elements.js"
import { FrameReader } from "./frames.js"
import { signedOut } from "./session.js"

/** @type {HTMLElement | null} */
export const projectElement = find(document, "[data-project]")
export const reader = new FrameReader(startOf(projectElement), { isHeld, apply })

/** @param {HTMLElement | null} element */
function startOf(element) {
  return { seq: Number(element?.dataset.seq), epoch: element?.dataset.epoch ?? "" }
}

/** @param {Frame} frame */
export function applyFrame(frame) {
  const { placed } = frame
  if (reader.asksForReload(frame)) return void reload(placed)
  const list = placed && document.getElementById(`column-${placed.column}-list`)
  if (list) makeRoom(list, placed)
  reader.take(frame)
  dispatch("realtime:applied", frame.ops ?? [])
  if (placed) dispatch("realtime:placed", placed)
}

/** Whether `frame` could be applied: an answer may be JSON and no frame all the same. @param {Frame} frame */
export function applied(frame) {
  try {
    if (typeof frame.seq !== "number") return false
    applyFrame(frame)
    return true
  } catch (error) {
    console.error(error)
    return false
  }
}

/** Apply what waited for an element to be released: call it when a drag, an edit or a menu ends. */
export const release = () => reader.release()

/**
 * Too far behind, or another log: take the page's own content anew, unless somebody is typing.
 * @param {Placed} [placed] whose card has to be in it
 */
export async function reload(placed) {
  const url = new URL(location.href)
  if (placed) url.searchParams.set("show", String(placed.number))
  const answer = await request(url, { headers: { Accept: "text/html" } })
  if (answer.status === 401) signedOut()
  if (answer.status < 200 || answer.status > 299 || answer.isJson) return
  const page = new DOMParser().parseFromString(answer.body, "text/html")
  /** @type {HTMLElement | null} */
  const fresh = find(page, "[data-project]")
  if (fresh?.querySelector(".board__columns")) renewColumns(fresh)
  else if (!fresh?.matches(".chat-page")) return location.reload()
  reader.restart(startOf(fresh))
  forgetLeftOut()
  localTimes(board())
  dispatch("realtime:reloaded", null)
  if (placed) dispatch("realtime:placed", placed)
}

const board = () => /** @type {HTMLElement} */ (projectElement)

/** @param {HTMLElement} fresh */
function renewColumns(fresh) {
  const typed = titleFields().map((input) => input.value)
  const focus = titleFields().indexOf(/** @type {HTMLInputElement} */ (document.activeElement))
  for (const part of ["#board-head", ".board__columns"]) one(board(), part).replaceWith(one(fresh, part))
  const inputs = titleFields()
  for (const [index, value] of typed.entries()) if (inputs[index]) inputs[index].value = value
  inputs[focus]?.focus()
}

/** @returns {HTMLInputElement[]} */
const titleFields = () => all(board(), ".quick-add__title")
