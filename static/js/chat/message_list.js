// What messages look like to this reader: messages themselves are the same for everybody.

import { all, childrenOf, make, one } from "../page/dom.js"
import { dayName, dayOf } from "../page/times.js"
import { chatWords } from "../page/words.js"
import { headingsOf } from "./grouping.js"
import { keyOf, listOf, messagesOf, openRoom } from "./room_elements.js"

const me = document.body.dataset.me ?? ""

/** @param {HTMLElement} room */
export function dressAll(room) {
  for (const message of messagesOf(room)) dress(message)
  arrange(room)
}

/** @param {HTMLElement} message */
function dress(message) {
  message.toggleAttribute("data-mine", message.dataset.author === me)
  message.toggleAttribute("data-me", !!message.dataset.mentions?.split(" ").includes(me))
  /** @type {HTMLDetailsElement[]} */
  const long = all(message, ".entry__long")
  for (const each of long) each.open ||= "unfolded" in message.dataset
  for (const reaction of all(message, ".reaction")) {
    reaction.ariaPressed = String(!!reaction.dataset.users?.split(" ").includes(me))
  }
}

/** A long answer that somebody has unfolded stays so when its message is drawn anew. */
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (!(target instanceof HTMLDetailsElement) || !target.isConnected || !target.matches(".entry__long")) return
    target.closest(".message")?.toggleAttribute("data-unfolded", target.open)
  },
  true,
)

/** Put the lines of days and of what is new between the messages, and fold headers. @param {HTMLElement} room */
function arrange(room) {
  const list = listOf(room)
  const messages = messagesOf(room)
  const marks = new Map(all(list, ":scope > .chat__day").map((mark) => [mark.dataset.day ?? "new", mark]))
  const said = messages.map((message) => ({
    key: keyOf(message),
    author: message.dataset.author ?? "",
    at: timeOf(message),
  }))
  const headings = headingsOf(said, { me, line: Number(room.dataset.line), dayOf })
  /** @type {HTMLElement[]} */
  const wanted = []
  for (const [index, { day, isNewDay, isFirstNew, isFolded }] of headings.entries()) {
    if (isNewDay) wanted.push(dayMark(marks.get(day), day, dayName(said[index].at)))
    if (isFirstNew) wanted.push(marks.get("new") ?? newMark())
    messages[index].toggleAttribute("data-folded", isFolded)
    wanted.push(messages[index])
  }
  for (const mark of marks.values()) if (!wanted.includes(mark)) mark.remove()
  inOrder(list, wanted)
}

/**
 * @param {HTMLElement} list
 * @param {HTMLElement[]} wanted
 */
function inOrder(list, wanted) {
  let place = childrenOf(list)[0] ?? null
  for (const each of wanted) {
    if (each === place) place = /** @type {HTMLElement} */ (place.nextElementSibling)
    else list.insertBefore(each, place)
  }
}

/** @param {HTMLElement} message */
function timeOf(message) {
  /** @type {HTMLTimeElement} */
  const time = one(message, ".entry__byline time")
  return new Date(time.dateTime)
}

const newMark = () => make("li", { className: "chat__day chat__new", textContent: chatWords().new })

/**
 * @param {HTMLElement | undefined} before its mark so far, which said Today until midnight
 * @param {string} day
 * @param {string} name
 */
function dayMark(before, day, name) {
  const mark = before ?? make("li", { className: "chat__day" })
  mark.dataset.day = day
  if (mark.textContent !== name) mark.textContent = name
  return mark
}

document.addEventListener("newday", () => {
  const room = openRoom()
  if (room) dressAll(room)
})
