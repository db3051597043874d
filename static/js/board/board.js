// Moving cards with the mouse, the keyboard and the menu; adding cards; the next cards of a column.
// A card stays where it was put at once; if the server says no, it goes back and the reason is shown.

import { change, release } from "../realtime/live.js"
import { localTimes, toast } from "../page/page.js"

const board = document.querySelector(".board[data-project]")
const words = JSON.parse(document.getElementById("board-words").textContent)
const canWrite = "canWrite" in board.dataset
let queue = Promise.resolve() // moves reach the server in the order they were made

const say = (sentence) => (document.getElementById("announcement").textContent = sentence)
const fill = (sentence, facts) => sentence.replace(/\{(\w+)\}/g, (_, name) => facts[name])
const cardsOf = (list) => [...list.children].filter((item) => item.id.startsWith("task-"))
const columnOf = (item) => item.closest("[data-column]")
const linkOf = (item) => item.querySelector(".card__link")
const listOf = (column) => column.querySelector(".column__list")
const columns = () => [...board.querySelectorAll("[data-column]")]

function placeOf(item) {
  return { list: item.parentElement, next: item.nextElementSibling }
}

function putBack(item, place) {
  place.list.insertBefore(item, place.next?.parentElement === place.list ? place.next : null)
}

/** While a card is held, what others do to it waits. Held twice, it must be let go twice. */
function hold(item) {
  item.dataset.held = Number(item.dataset.held ?? 0) + 1
}

function letGo(item) {
  const left = Number(item.dataset.held) - 1
  if (left) item.dataset.held = left
  else delete item.dataset.held
  release()
}

/** Send where the card stands now. `was` is where it goes back to when the answer is no. */
function send(item, was) {
  const url = `${linkOf(item).getAttribute("href")}move/`
  const wish = { ...neighbours(item), seen_in: columnOf(was.list).dataset.column }
  hold(item)
  queue = queue.then(async () => {
    const refusal = await ask(url, wish)
    if (refusal) {
      putBack(item, was)
      toast(refusal.message)
    }
    letGo(item)
  })
}

/** A move; a parent with open subtasks is closed only after a second look. */
async function ask(url, wish) {
  const refusal = await change(url, wish)
  const isQuestion = refusal?.code === "open_subtasks"
  return isQuestion && confirm(refusal.message) ? change(url, { ...wish, anyway: 1 }) : refusal
}

function neighbours(item) {
  const cards = cardsOf(item.parentElement)
  const at = cards.indexOf(item)
  const idOf = (card) => (card ? card.id.slice(5) : "")
  return { to: columnOf(item).dataset.column, after: idOf(cards[at - 1]), before: idOf(cards[at + 1]) }
}

// The mouse

const grabbed = new WeakMap()

function makeSortable(list) {
  Sortable.create(list, {
    group: "cards",
    draggable: "li[id^='task-']",
    animation: 120,
    delay: 250,
    delayOnTouchOnly: true,
    touchStartThreshold: 6,
    ghostClass: "ghost",
    filter: ".glyph, .button, .column__lesson",
    preventOnFilter: false,
    onStart({ item }) {
      hold(item)
      grabbed.set(item, placeOf(item))
      board.dataset.dragging = ""
    },
    onUpdate: ({ item }) => settle(item),
    onAdd: ({ item }) => settle(item),
    onEnd({ item }) {
      delete board.dataset.dragging
      grabbed.delete(item)
      letGo(item)
    },
  })
}

function settle(item) {
  const was = grabbed.get(item)
  keepFootLast(item.parentElement)
  send(item, was)
}

function keepFootLast(list) {
  list.append(...list.querySelectorAll(":scope > .column__more, :scope > .column__none"))
}

// The keyboard

let lifted = null

function step(item, key) {
  const list = item.parentElement
  const cards = cardsOf(list)
  const at = cards.indexOf(item)
  if (key === "ArrowUp" && at > 0) list.insertBefore(item, cards[at - 1])
  else if (key === "ArrowDown" && at < cards.length - 1) list.insertBefore(cards[at + 1], item)
  else if (key === "ArrowLeft" || key === "ArrowRight") return toColumnBeside(item, key === "ArrowLeft" ? -1 : 1)
  else return false
  return true
}

function toColumnBeside(item, direction) {
  const all = columns()
  const beside = all[all.indexOf(columnOf(item)) + direction]
  if (!beside) return false
  const list = listOf(beside)
  const at = cardsOf(item.parentElement).indexOf(item)
  list.insertBefore(item, cardsOf(list)[at] ?? list.querySelector(":scope > .column__more, :scope > .column__none"))
  return true
}

function whereIs(item) {
  const cards = cardsOf(item.parentElement)
  return {
    title: linkOf(item).textContent,
    column: columnOf(item).querySelector(".column__name").textContent,
    place: cards.indexOf(item) + 1,
    count: cards.length,
  }
}

function stepAndSay(item, key) {
  if (!step(item, key)) return false
  linkOf(item).focus()
  say(fill(words.now_at, whereIs(item)))
  return true
}

function moveByKey(item, key) {
  if (!canWrite) return
  const was = placeOf(item)
  if (stepAndSay(item, key)) send(item, was)
}

function lift(item) {
  if (!canWrite) return
  lifted = { item, was: placeOf(item) }
  hold(item)
  item.querySelector(".card").dataset.lifted = ""
  say(fill(words.lifted, whereIs(item)))
}

function drop(isWanted) {
  const { item, was } = lifted
  lifted = null
  delete item.querySelector(".card").dataset.lifted
  const hasMoved = item.parentElement !== was.list || item.nextElementSibling !== was.next
  if (!isWanted) putBack(item, was)
  linkOf(item).focus()
  say(fill(isWanted ? words.dropped : words.put_back, whereIs(item)))
  if (isWanted && hasMoved) send(item, was)
  letGo(item)
}

function goTo(item, key) {
  const cards = cardsOf(item.parentElement)
  const at = cards.indexOf(item)
  const way = { ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[key]
  if (way) return cards[at + way] && linkOf(cards[at + way]).focus()
  const filled = columns().filter((column) => cardsOf(listOf(column)).length)
  const beside = filled[filled.indexOf(columnOf(item)) + (key === "ArrowRight" || key === "l" ? 1 : -1)]
  if (!beside) return
  const there = cardsOf(listOf(beside))
  linkOf(there[Math.min(at, there.length - 1)]).focus()
}

function addIn(item) {
  const column = item ? columnOf(item) : columns()[0]
  column.querySelector(".quick-add__title")?.focus()
}

// One registry: what the keys do, and what the help says of them.
const keys = [
  { on: ["ArrowDown", "ArrowUp", "j", "k"], shown: "↓ ↑ j k", says: words.key_next, run: goTo },
  { on: ["ArrowRight", "ArrowLeft", "l", "h"], shown: "→ ← l h", says: words.key_column, run: goTo },
  { on: [], shown: "Enter", says: words.key_open },
  {
    on: ["ArrowDown", "ArrowUp", "ArrowLeft", "ArrowRight"],
    shift: true,
    shown: "Shift + ↓ ↑ → ←",
    says: words.key_shift,
    run: moveByKey,
  },
  {
    on: ["[", "]"],
    shown: "[ ]",
    says: words.key_brackets,
    run: (item, key) => moveByKey(item, key === "[" ? "ArrowLeft" : "ArrowRight"),
  },
  { on: [" "], shown: words.space, says: words.key_lift, run: lift },
  { on: ["c"], anywhere: true, shown: "c", says: words.key_add, run: addIn },
  { on: ["?"], anywhere: true, shown: "?", says: words.key_help, run: showKeys },
]

function showKeys() {
  const dialog = document.createElement("dialog")
  dialog.className = "sheet"
  dialog.setAttribute("aria-label", words.keys)
  const title = Object.assign(document.createElement("h2"), { className: "sheet__title", textContent: words.keys })
  const list = document.createElement("dl")
  list.className = "keys"
  for (const { shown, says } of keys) {
    const key = Object.assign(document.createElement("kbd"), { textContent: shown })
    const term = document.createElement("dt")
    term.append(key)
    list.append(term, Object.assign(document.createElement("dd"), { textContent: says }))
  }
  const close = Object.assign(document.createElement("button"), { className: "button", textContent: words.close })
  close.onclick = () => dialog.close()
  dialog.append(title, list, close)
  open(dialog)
}

function open(dialog) {
  document.body.append(dialog)
  dialog.addEventListener("close", () => dialog.remove())
  dialog.showModal()
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return
  if (event.target.matches("input, textarea, select, [contenteditable]")) return
  const item = event.target.matches(".card__link") ? event.target.closest("li[id^='task-']") : null
  if (lifted) return whileLifted(event)
  const isArrow = event.key.startsWith("Arrow")
  const pressed = latin(event)
  const key = keys.find(
    (one) => one.on.includes(pressed) && (item || one.anywhere) && (!isArrow || !!one.shift === event.shiftKey),
  )
  if (!key) return
  event.preventDefault()
  key.run(item, pressed)
})

/** The key's name on a Latin keyboard: in a Russian layout J says “о”, and is J all the same. */
function latin({ key, code }) {
  if (!/^[а-яё]$/i.test(key)) return key
  return { BracketLeft: "[", BracketRight: "]" }[code] ?? code.replace("Key", "").toLowerCase()
}

function whileLifted(event) {
  if (event.key === "Tab") return drop(false)
  if (![" ", "Enter", "Escape"].includes(event.key) && !event.key.startsWith("Arrow")) return
  event.preventDefault()
  if (event.key === "Escape") drop(false)
  else if (event.key.startsWith("Arrow")) stepAndSay(lifted.item, event.key)
  else drop(true)
}

// The menu

async function openMoveForm(link) {
  const answer = await fetch(link.href).catch(() => null)
  const page = answer?.ok && new DOMParser().parseFromString(await answer.text(), "text/html")
  const form = page && page.querySelector(".move-form")
  if (!form) return location.assign(link.href)
  const dialog = document.createElement("dialog")
  dialog.className = "sheet"
  dialog.setAttribute("aria-label", link.getAttribute("aria-label"))
  dialog.append(
    Object.assign(document.createElement("h2"), {
      className: "sheet__title",
      textContent: link.getAttribute("aria-label"),
    }),
    form,
  )
  form.addEventListener("submit", async (event) => {
    event.preventDefault()
    const refusal = await ask(form.action, Object.fromEntries(new FormData(form)))
    if (refusal) toast(refusal.message)
    dialog.close()
  })
  open(dialog)
}

board.addEventListener("click", (event) => {
  const move = event.target.closest(".card__move")
  const close = event.target.closest("[data-quick-add]")
  if (move && !event.ctrlKey && !event.metaKey) {
    event.preventDefault()
    openMoveForm(move)
  } else if (close) {
    event.preventDefault()
    addIn(null)
  }
})

document.addEventListener("click", (event) => {
  const dialog = event.target.closest("[data-close]")?.closest("dialog")
  if (!dialog) return
  event.preventDefault()
  dialog.close()
})

// Adding, and more cards

board.addEventListener("submit", async (event) => {
  const form = event.target.closest(".quick-add")
  if (!form) return
  event.preventDefault()
  const title = form.elements.title
  const typed = title.value.trim()
  if (!typed) return
  title.value = ""
  queue = queue.then(async () => {
    const refusal = await change(form.action, { title: typed, column: form.elements.column.value })
    if (!refusal) return
    title.value ||= typed
    toast(refusal.message)
  })
})

board.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && event.target.matches(".quick-add__title")) event.target.blur()
})

async function showMore(link) {
  const answer = await fetch(link.href, { headers: { "X-Fragment": "1" } }).catch(() => null)
  const more = link.closest(".column__more")
  if (!answer?.ok || !more.isConnected) return
  const template = document.createElement("template")
  template.innerHTML = await answer.text()
  for (const item of template.content.querySelectorAll("[id]")) {
    if (item.parentNode === template.content && document.getElementById(item.id)) item.remove()
  }
  localTimes(template.content)
  more.replaceWith(template.content)
  watchMore()
}

const nearEnd = new IntersectionObserver(
  (seen) => {
    for (const { isIntersecting, target } of seen) {
      if (!isIntersecting) continue
      nearEnd.unobserve(target)
      showMore(target)
    }
  },
  { rootMargin: "400px" },
)

function watchMore() {
  for (const link of board.querySelectorAll(".column__more a")) nearEnd.observe(link)
}

function settleIn() {
  if (canWrite) board.querySelectorAll(".column__list").forEach(makeSortable)
  watchMore()
}

document.addEventListener("board:renewed", settleIn)
document.addEventListener("board:changed", () => {
  for (const column of columns()) {
    const strip = board.querySelector(`.strip__link[href="#${column.id}"] span`)
    if (strip) strip.textContent = column.querySelector(".column__count").dataset.count
  }
})
settleIn()
