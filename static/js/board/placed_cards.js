// A card that its reader has just added or moved: where it stands is said, and it is in sight or one click away.

/** @import { Placed } from "../realtime/frames.js" */
import { say } from "../page/announcement.js"
import { make } from "../page/dom.js"
import { listen } from "../page/events.js"
import { fill } from "../page/sentences.js"
import { controlToast } from "../page/toasts.js"
import { boardWords as words } from "../page/words.js"
import { opLeftOut, reveal } from "../realtime/elements.js"
import { columnOf, linkOf, whereIs } from "./cards.js"

const FOUND_FOR = 3_000
/** @type {Map<string, string>} element id → the sentence for what is being done to the card */
const sentences = new Map()

/** @param {string} id @returns {HTMLElement | null} */
const itemWith = (id) => document.getElementById(id)

/**
 * Do `work`, and tell its outcome for the card by `sentence`.
 * @template T
 * @param {string} id
 * @param {string} sentence
 * @param {() => Promise<T>} work
 */
export async function toldAs(id, sentence, work) {
  sentences.set(id, sentence)
  const outcome = await work()
  sentences.delete(id)
  return outcome
}

/** Say where the card stands; nothing when it is not on the page. @param {string} id @param {string} sentence */
export function sayWhere(id, sentence) {
  const item = itemWith(id)
  if (!item) return
  const { title, column, place, count } = whereIs(item)
  say(place === null ? fill(words.now_in, { title, column }) : fill(sentence, { title, column, place, count }))
}

/** What became of a card whose answer was lost is known by now: it is shown, wherever that is. @param {string} id */
export function showOwn(id) {
  if (opLeftOut(id)) reveal(id)
}

/** @param {string} id @returns {boolean} */
function isInSight(id) {
  const item = itemWith(id)
  if (!item) return false
  const { left, top, width, height } = item.getBoundingClientRect()
  return item.contains(document.elementFromPoint(left + width / 2, top + height / 2))
}

/** Whoever adds cards to a column follows them with their eyes. @param {HTMLElement | null} item */
const isFollowed = (item) =>
  !!item && !!document.activeElement?.matches(".quick-add__title") && columnOf(item).contains(document.activeElement)

/** @param {Placed} placed */
function bringIntoSight(placed) {
  const id = `task-${placed.task}`
  const item = itemWith(id)
  if (item && isFollowed(item)) item.scrollIntoView({ block: "nearest", inline: "nearest" })
  if (isInSight(id) || document.querySelector(`.drawer[data-task="${placed.task}"]`)) return
  const { key, name: column, place, count } = placed
  const link = make("a", { href: placed.url, textContent: words.show })
  link.onclick = (event) => {
    const found = itemWith(id)
    if (!found) return
    event.preventDefault()
    find(found)
  }
  controlToast(fill(words.placed, { key, column, place, count }), link)
}

/** @param {HTMLElement} item */
function find(item) {
  item.scrollIntoView({ block: "center", inline: "center" })
  linkOf(item).focus({ preventScroll: true })
  item.dataset.found = ""
  setTimeout(() => delete item.dataset.found, FOUND_FOR)
}

listen("realtime:placed", (placed) => {
  const { title, name: column, place, count } = placed
  const sentence = sentences.get(`task-${placed.task}`) ?? (placed.is_new ? words.added : words.moved)
  say(fill(sentence, { title, column, place, count }))
  setTimeout(() => bringIntoSight(placed)) // by then a card that was held stands there, and a dialog is closed
})
