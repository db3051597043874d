// The messages of the open room: pages of history, following what is new, days and folded headers. What the
// list shows stands on it: `data-from` when older ones are left out, `data-to` when newer ones are.

import { dayName, dayOf, localTimes, toast } from "../page/page.js"

const NEAR_END = 100 // pixels: as close as that, the newest is followed
const NEAR_EDGE = 600
const MOST_SHOWN = 300
const FOLDED_WITHIN = 5 * 60_000
const FOUND_FOR = 3_000

const me = document.body.dataset.me
export const words = () => JSON.parse(document.getElementById("chat-words").textContent)
export const openRoom = () => document.querySelector(".chat[data-room]")
export const logOf = (room) => room.querySelector(".chat__log")
export const listOf = (room) => room.querySelector(".chat__messages")
export const messagesOf = (room) => [...listOf(room).querySelectorAll(":scope > .message:not(.message--pending)")]
export const pkOf = (message) => Number(message.id.slice("message-".length))
export const isLookedAt = (room) => document.hasFocus() && !document.hidden && logOf(room).checkVisibility()
const isFollowing = (room) => logOf(room).dataset.following === "true"

/** Begin with a room that has just come to the page. */
export function showHistory(room) {
  const log = logOf(room)
  dressAll(room)
  const firstNew = listOf(room).querySelector(".chat__new")
  if (room.dataset.around) find(document.getElementById(`message-${room.dataset.around}`))
  else if (firstNew) firstNew.scrollIntoView({ block: "start" })
  else toEnd(room)
  scrolled(room)
  log.addEventListener("scroll", () => scrolled(room), { passive: true })
  const follow = () => isFollowing(room) && toEnd(room)
  const sizes = new ResizeObserver(follow)
  sizes.observe(log)
  sizes.observe(listOf(room))
}

function scrolled(room) {
  noteFollowing(room)
  const log = logOf(room)
  if (log.scrollTop < NEAR_EDGE && listOf(room).dataset.from) loadOlder(room)
  else if (fromEnd(log) < NEAR_EDGE && listOf(room).dataset.to) loadNewer(room)
  document.dispatchEvent(new CustomEvent("chat:scrolled"))
}

const fromEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight

function noteFollowing(room) {
  logOf(room).dataset.following = !listOf(room).dataset.to && fromEnd(logOf(room)) < NEAR_END
}

function toEnd(room) {
  logOf(room).scrollTop = logOf(room).scrollHeight
}

/** What has changed in the list is put in order; the newest is followed if it was before. */
export function settle(room) {
  const { from, to } = listOf(room).dataset
  if (!messagesOf(room).length && (from || to)) return renew(room)
  if (isFollowing(room) && isLookedAt(room)) seeAll(room)
  dressAll(room)
  if (isFollowing(room)) {
    trim(room, "from")
    toEnd(room)
  }
  document.dispatchEvent(new CustomEvent("chat:scrolled"))
}

/** What comes before somebody's eyes is not new to them; a line that stands already stays. */
function seeAll(room) {
  const last = messagesOf(room).at(-1)
  if (last && !listOf(room).querySelector(":scope > .chat__new")) room.dataset.line = pkOf(last)
}

// Pages: one at a time

let turn = Promise.resolve()

function inTurn(work) {
  turn = turn.then(work)
  return turn
}

async function fetched(room, asked) {
  logOf(room).ariaBusy = "true"
  delete listOf(room).dataset.missed
  const answer = await fetch(`${room.dataset.url}messages/?${new URLSearchParams(asked)}`, {
    headers: { "X-Fragment": "1" },
  }).catch(() => null)
  const template = document.createElement("template")
  if (answer?.ok && !answer.redirected) template.innerHTML = (await answer.text()).trim()
  logOf(room).ariaBusy = "false"
  const page = template.content.firstElementChild
  if (page) localTimes(page)
  return page
}

const isLoading = (room) => logOf(room).ariaBusy === "true"

function loadOlder(room) {
  if (!isLoading(room)) inTurn(() => takeOlder(room))
}

function loadNewer(room) {
  if (!isLoading(room)) inTurn(() => takeNewer(room))
}

async function takeOlder(room) {
  const page = await fetched(room, { before: pkOf(messagesOf(room)[0]) })
  if (!page) return
  keepingPlace(room, () => {
    listOf(room).prepend(...fresh(page))
    mark(room, "from", page.dataset.from)
    trim(room, "to")
    dressAll(room)
  })
}

async function takeNewer(room) {
  const page = await fetched(room, { after: pkOf(messagesOf(room).at(-1)) })
  if (!page) return
  keepingPlace(room, () => {
    messagesOf(room)
      .at(-1)
      .after(...fresh(page))
    mark(room, "to", page.dataset.to)
    trim(room, "from")
    dressAll(room)
  })
  await takeMissed(room)
  noteFollowing(room)
  document.dispatchEvent(new CustomEvent("chat:scrolled"))
}

/** One that came while its page was under way is beyond what the page knew. */
async function takeMissed(room) {
  const { missed, to } = listOf(room).dataset
  const last = messagesOf(room).at(-1)
  if (!to && missed > (last?.dataset.rank ?? "")) await takeNewer(room)
}

const fresh = (page) => [...page.children].filter((one) => !document.getElementById(one.id))

function mark(room, edge, rank) {
  if (rank) listOf(room).dataset[edge] = rank
  else delete listOf(room).dataset[edge]
}

/** Leave out what is too much at one edge: the oldest ("from") or the newest ("to"). */
function trim(room, edge) {
  const shown = messagesOf(room)
  const tooMany = shown.length - MOST_SHOWN
  if (tooMany <= 0) return
  for (const one of edge === "from" ? shown.slice(0, tooMany) : shown.slice(-tooMany)) one.remove()
  const rest = messagesOf(room)
  mark(room, edge, (edge === "from" ? rest[0] : rest.at(-1)).dataset.rank)
}

/** The first message in sight stays where it is, whatever comes or goes above it. */
function keepingPlace(room, change) {
  const log = logOf(room)
  const first = firstInSight(room)
  const was = first?.getBoundingClientRect().top
  change()
  if (first?.isConnected) log.scrollTop += first.getBoundingClientRect().top - was
}

function firstInSight(room) {
  const { top } = logOf(room).getBoundingClientRect()
  return messagesOf(room).find((one) => one.getBoundingClientRect().bottom > top)
}

function replaceAll(room, page) {
  const pending = listOf(room).querySelectorAll(".message--pending")
  listOf(room).replaceChildren(...page.children, ...pending)
  for (const edge of ["from", "to"]) mark(room, edge, page.dataset[edge])
  dressAll(room)
}

/** Take what is shown anew: the newest where they are followed, else what was in sight. */
export function renew(room) {
  return inTurn(() => takeAnew(room))
}

async function takeAnew(room) {
  const first = isFollowing(room) ? null : firstInSight(room)
  const page = await fetched(room, first ? { around: pkOf(first) } : {})
  if (!page) return
  const was = first?.getBoundingClientRect().top
  replaceAll(room, page)
  const again = first && document.getElementById(first.id)
  if (again) logOf(room).scrollTop += again.getBoundingClientRect().top - was
  else toEnd(room)
  await takeMissed(room)
  noteFollowing(room)
}

export function toNewest(room) {
  return inTurn(() => takeNewest(room))
}

async function takeNewest(room) {
  if (listOf(room).dataset.to) {
    const page = await fetched(room, {})
    if (!page) return
    replaceAll(room, page)
    await takeMissed(room)
  }
  toEnd(room)
  noteFollowing(room)
}

/** Bring a message into sight, wherever in the history it is. */
export function jumpTo(room, pk) {
  return inTurn(() => takeAround(room, pk))
}

async function takeAround(room, pk) {
  if (!document.getElementById(`message-${pk}`)) {
    const page = await fetched(room, { around: pk })
    if (page?.querySelector(`#message-${pk}`)) replaceAll(room, page)
  }
  find(document.getElementById(`message-${pk}`))
  noteFollowing(room)
}

function find(message) {
  if (!message) return toast(words().gone)
  message.scrollIntoView({ block: "center" })
  message.dataset.found = ""
  message.focus({ preventScroll: true })
  setTimeout(() => delete message.dataset.found, FOUND_FOR)
}

// What a message looks like to this reader: messages themselves are the same for everybody.

function dressAll(room) {
  for (const message of messagesOf(room)) dress(message)
  arrange(room)
}

function dress(message) {
  message.toggleAttribute("data-mine", message.dataset.author === me)
  message.toggleAttribute("data-me", message.dataset.mentions.split(" ").includes(me))
  for (const long of message.querySelectorAll(".entry__long")) long.open ||= "unfolded" in message.dataset
  for (const reaction of message.querySelectorAll(".reaction"))
    reaction.ariaPressed = String(reaction.dataset.users.split(" ").includes(me))
}

/** A long answer that somebody has unfolded stays so when its message is drawn anew. */
document.addEventListener(
  "toggle",
  ({ target }) => {
    if (target.isConnected && target.matches(".entry__long"))
      target.closest(".message").toggleAttribute("data-unfolded", target.open)
  },
  true,
)

/** Days, the line above what is new, and no header twice for one who goes on talking. */
function arrange(room) {
  const list = listOf(room)
  const marks = new Map([...list.querySelectorAll(":scope > .chat__day")].map((one) => [one.dataset.day ?? "new", one]))
  const wanted = []
  let before = null
  let dayBefore = null
  let isNew = false
  for (const message of messagesOf(room)) {
    const day = dayOf(timeOf(message))
    const isNewDay = day !== dayBefore
    const isFirstNew = !isNew && pkOf(message) > Number(room.dataset.line) && message.dataset.author !== me
    if (isNewDay) wanted.push(marks.get(day) ?? markOf(dayName(timeOf(message)), { day }))
    if (isFirstNew) wanted.push(marks.get("new") ?? markOf(words().new, {}, "chat__new"))
    isNew ||= isFirstNew
    message.toggleAttribute("data-folded", !isNewDay && !isFirstNew && goesOn(before, message))
    wanted.push(message)
    before = message
    dayBefore = day
  }
  for (const one of marks.values()) if (!wanted.includes(one)) one.remove()
  let place = list.firstElementChild
  for (const one of wanted) {
    if (one === place) place = place.nextElementSibling
    else list.insertBefore(one, place)
  }
}

const timeOf = (message) => new Date(message.querySelector(".entry__byline time").dateTime)

/** Those who have left are nobody in particular, and what the board tells is nobody's: neither goes on from another. */
function goesOn(before, message) {
  const { author } = message.dataset
  return author && before.dataset.author === author && timeOf(message) - timeOf(before) < FOLDED_WITHIN
}

function markOf(text, data, more = "") {
  const line = Object.assign(document.createElement("li"), { className: `chat__day ${more}`.trim(), textContent: text })
  Object.assign(line.dataset, data)
  return line
}

// The keyboard: arrows go from message to message, each has its own controls behind it.

document.addEventListener("keydown", (event) => {
  const room = openRoom()
  if (!room || !["ArrowUp", "ArrowDown"].includes(event.key) || event.altKey || event.ctrlKey || event.metaKey) return
  if (!event.target.matches(".chat__log, .message")) return
  const all = messagesOf(room)
  const at = event.target.matches(".message") ? all.indexOf(event.target) : all.length
  const next = all[at + (event.key === "ArrowUp" ? -1 : 1)]
  event.preventDefault()
  next?.focus()
  next?.scrollIntoView({ block: "nearest" })
})
