// What the composer offers while one writes: people and agents after @, tasks after #, commands after /.
// The field keeps the focus; the list is told to screen readers by `aria-activedescendant`.

import { openRoom } from "./history.js"
import { isComposing } from "../page/page.js"

const MOST = 8
const ASK_AFTER = 150
const BEGUN = /(?:^|\s)([@#])([\p{L}\p{N}._-]*)$/u
const COMMAND = /^(\/)(\p{L}*)$/u

let asked = 0 // how often was asked: an answer that comes after the next letter is dropped

const fieldOf = (room) => room.querySelector(".chat__foot .composer__field")
const boxOf = (room) => room.querySelector(".suggestions")
const isOpen = (room) => !boxOf(room).hidden
const optionsOf = (room) => [...boxOf(room).children]

/** The sign and what was typed behind it up to the caret, null when nothing is to be offered. */
function begun(field) {
  const before = field.value.slice(0, field.selectionStart)
  const found = BEGUN.exec(before) ?? COMMAND.exec(before)
  return found && { sign: found[1], typed: found[2], from: before.length - found[2].length - 1 }
}

const sources = {
  "@": (typed) => people().filter((one) => matches(one.text.slice(1), typed) || matches(one.label, typed)),
  "/": (typed) => commands().filter((one) => one.text.startsWith(`/${typed}`)),
  "#": tasks,
}

const people = () => JSON.parse(document.getElementById("chat-people").textContent)
const commands = () => JSON.parse(document.getElementById("chat-commands").textContent)
const matches = (name, typed) =>
  name
    .toLocaleLowerCase()
    .split(/[\s._-]+/)
    .some((part) => part.startsWith(typed.toLocaleLowerCase())) ||
  name.toLocaleLowerCase().startsWith(typed.toLocaleLowerCase())

async function tasks(typed) {
  await new Promise((go) => setTimeout(go, ASK_AFTER))
  const answer = await fetch(`${openRoom().dataset.home}tasks/?${new URLSearchParams({ q: typed })}`, {
    headers: { Accept: "application/json" },
  }).catch(() => null)
  return answer?.ok && !answer.redirected ? (await answer.json()).tasks : []
}

async function offer(room) {
  const mine = ++asked
  const word = begun(fieldOf(room))
  const found = word ? (await sources[word.sign](word.typed)).slice(0, MOST) : []
  if (mine !== asked) return
  const isWhole = found.length === 1 && found[0].text.toLowerCase() === `${word.sign}${word.typed}`.toLowerCase()
  if (!found.length || isWhole) return close(room)
  boxOf(room).replaceChildren(...found.map(optionOf))
  boxOf(room).hidden = false
  choose(room, 0)
}

function optionOf({ text, label }, index) {
  const option = Object.assign(document.createElement("li"), {
    id: `suggestion-${index}`,
    className: "suggestion",
    role: "option",
  })
  option.dataset.text = text
  option.append(
    Object.assign(document.createElement("span"), { textContent: text }),
    Object.assign(document.createElement("span"), { textContent: label }),
  )
  return option
}

function choose(room, at) {
  optionsOf(room).forEach((option, index) => (option.ariaSelected = String(index === at)))
  const chosen = optionsOf(room)[at]
  chosen.scrollIntoView({ block: "nearest" })
  fieldOf(room).setAttribute("aria-activedescendant", chosen.id)
}

function close(room) {
  asked += 1
  boxOf(room).hidden = true
  fieldOf(room).removeAttribute("aria-activedescendant")
}

function take(room, option) {
  const field = fieldOf(room)
  const from = begun(field)?.from
  if (from === undefined) return close(room)
  field.setRangeText(`${option.dataset.text} `, from, field.selectionStart, "end")
  field.focus()
  close(room)
  field.dispatchEvent(new Event("input", { bubbles: true }))
}

document.addEventListener("input", (event) => {
  const room = openRoom()
  if (room && event.target === fieldOf(room)) offer(room)
})

document.addEventListener(
  "keydown",
  (event) => {
    const room = openRoom()
    if (!room || event.target !== fieldOf(room) || !isOpen(room) || isComposing(event)) return
    const all = optionsOf(room)
    const at = all.findIndex((option) => option.ariaSelected === "true")
    if (event.key === "ArrowDown") choose(room, (at + 1) % all.length)
    else if (event.key === "ArrowUp") choose(room, (at - 1 + all.length) % all.length)
    else if (event.key === "Enter" || event.key === "Tab") take(room, all[at])
    else if (event.key === "Escape") close(room)
    else return
    event.preventDefault()
  },
  true,
)

document.addEventListener("pointerdown", (event) => {
  const option = event.target.closest(".suggestion")
  if (!option) return
  event.preventDefault()
  take(openRoom(), option)
})

document.addEventListener("focusout", (event) => {
  const room = openRoom()
  if (room && event.target === fieldOf(room)) close(room)
})
