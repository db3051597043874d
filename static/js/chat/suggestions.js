// What the composer offers while one writes: people and agents after @, tasks after #, commands after /.
// The field keeps the focus; the list is told to screen readers by `aria-activedescendant`.

/** @import { Sign, Suggestion } from "./suggestion_words.js" */
import { childrenOf, closest, jsonIn, make, one } from "../page/dom.js"
import { json } from "../page/requests.js"
import { composerOf, openRoom } from "./room_elements.js"
import { begunWord, isComplete, matchingCommands, matchingPeople } from "./suggestion_words.js"

const MOST = 8
const ASK_AFTER = 150

let asked = 0 // how often was asked: an answer that comes after the next letter is dropped

/** @param {HTMLElement} room */
const boxOf = (room) => one(room, ".suggestions")
/** @param {HTMLElement} room */
const optionsOf = (room) => childrenOf(boxOf(room))
/** @param {HTMLTextAreaElement} field */
const begunIn = (field) => begunWord(field.value.slice(0, field.selectionStart))

/** @type {Record<Sign, (typed: string) => Suggestion[] | Promise<Suggestion[]>>} */
const sources = {
  "@": (typed) => matchingPeople(jsonIn("chat-people"), typed),
  "/": (typed) => matchingCommands(jsonIn("chat-commands"), typed),
  "#": tasks,
}

/** @param {string} typed @returns {Promise<Suggestion[]>} */
async function tasks(typed) {
  await new Promise((resolve) => setTimeout(resolve, ASK_AFTER))
  const found = await json(`${openRoom()?.dataset.home}tasks/?${new URLSearchParams({ q: typed })}`)
  return found?.tasks ?? []
}

/** The room in whose composer `event` happened. @param {Event} event */
function writingIn(event) {
  const room = openRoom()
  const field = room && composerOf(room)
  return field && event.target === field ? { room, field } : null
}

/**
 * @param {HTMLElement} room
 * @param {HTMLTextAreaElement} field
 */
async function offer(room, field) {
  const mine = ++asked
  const word = begunIn(field)
  const found = word ? (await sources[word.sign](word.typed)).slice(0, MOST) : []
  if (mine !== asked) return
  if (!word || !found.length || isComplete(found, word.sign + word.typed)) return close(room, field)
  boxOf(room).replaceChildren(...found.map(optionFor))
  boxOf(room).hidden = false
  choose(room, field, 0)
}

/**
 * @param {Suggestion} suggestion
 * @param {number} index
 */
function optionFor({ text, label }, index) {
  const content = [text, label].map((textContent) => make("bdi", { textContent }))
  const option = make("li", { id: `suggestion-${index}`, className: "suggestion", role: "option" }, ...content)
  option.dataset.text = text
  return option
}

/**
 * @param {HTMLElement} room
 * @param {HTMLTextAreaElement} field
 * @param {number} at
 */
function choose(room, field, at) {
  for (const [index, option] of optionsOf(room).entries()) option.ariaSelected = String(index === at)
  const chosen = optionsOf(room)[at]
  chosen.scrollIntoView({ block: "nearest" })
  field.setAttribute("aria-activedescendant", chosen.id)
}

/**
 * @param {HTMLElement} room
 * @param {HTMLTextAreaElement} field
 */
function close(room, field) {
  asked += 1
  boxOf(room).hidden = true
  field.removeAttribute("aria-activedescendant")
}

/**
 * @param {HTMLElement} room
 * @param {HTMLTextAreaElement} field
 * @param {HTMLElement} option
 */
function take(room, field, option) {
  const from = begunIn(field)?.from
  if (from === undefined) return close(room, field)
  field.setRangeText(`${option.dataset.text} `, from, field.selectionStart, "end")
  field.focus()
  close(room, field)
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

document.addEventListener("input", (event) => {
  const at = writingIn(event)
  if (at) offer(at.room, at.field)
})

document.addEventListener(
  "keydown",
  (event) => {
    const place = writingIn(event)
    if (!place || boxOf(place.room).hidden) return
    const { room, field } = place
    const options = optionsOf(room)
    const at = options.findIndex((option) => option.ariaSelected === "true")
    if (event.key === "ArrowDown") choose(room, field, (at + 1) % options.length)
    else if (event.key === "ArrowUp") choose(room, field, (at - 1 + options.length) % options.length)
    else if (event.key === "Enter" || event.key === "Tab") take(room, field, options[at])
    else if (event.key === "Escape") close(room, field)
    else return
    event.preventDefault()
  },
  true,
)

document.addEventListener("pointerdown", (event) => {
  const option = closest(event, ".suggestion")
  const room = openRoom()
  const field = room && composerOf(room)
  if (!option || !field) return
  event.preventDefault()
  take(room, field, option)
})

document.addEventListener("focusout", (event) => {
  const at = writingIn(event)
  if (at) close(at.room, at.field)
})
