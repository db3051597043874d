// A message that somebody wants to be notified of, shown by the browser while none of our pages is in sight. Each
// page that learns of it asks the others first; the message's id keeps two pages from showing it twice.

/** @import { Op } from "../realtime/frames.js" */
import { elementOf, one } from "../page/dom.js"

const ANSWER_WITHIN = 200 // milliseconds

const me = document.body.dataset.me
const others = new BroadcastChannel("chat-notice")
/** @type {Set<string>} ids of messages that were shown */
const shown = new Set()
/** @type {Set<string>} ids of messages that another page has in sight */
const inSight = new Set()
const isInSight = () => !document.hidden && document.hasFocus()

others.onmessage = ({ data: { asked, seen } }) => {
  if (asked && isInSight()) others.postMessage({ seen: asked })
  if (seen) inSight.add(seen)
}

/**
 * Notify of the message that `op` has put, if its room's `level` wants that.
 * @param {Op} op
 * @param {string} level
 * @param {boolean} isCalled
 */
export async function notify({ id = "", parent = "", html = "" }, level, isCalled) {
  if (level === "none" || (level === "mentions" && !isCalled)) return
  if (globalThis.Notification?.permission !== "granted" || isInSight() || shown.has(id)) return
  const message = elementOf(html)
  if (message.dataset.author === me || message.matches(".message--system")) return
  shown.add(id)
  others.postMessage({ asked: id })
  await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN))
  if (!inSight.has(id)) show(message, id, addressOf(id, parent))
}

/**
 * @param {HTMLElement} message
 * @param {string} tag
 * @param {URL} address
 */
function show(message, tag, address) {
  const body = (one(message, ".entry__text").textContent ?? "").trim().slice(0, 200)
  const author = one(message, ".entry__byline b").textContent ?? ""
  const notice = new Notification(author, { body, tag, lang: document.documentElement.lang })
  notice.onclick = () => {
    focus()
    notice.close()
    location.assign(address)
  }
}

/**
 * @param {string} id
 * @param {string} parent
 */
function addressOf(id, parent) {
  /** @type {HTMLAnchorElement} */
  const tab = one(document, "[data-chat-tab]")
  const room = new URL(tab.href)
  room.pathname += `${parent.slice("room-".length)}/`
  room.searchParams.set("around", id.slice("message-".length))
  return room
}
