// Keeps the page at the head of its project's log. An op says what an element is, never what to do to
// it, so frames may be lost, doubled or late: an element put at a higher seq is not put back.

import { now } from "../page/clock.js"
import { lasting, localTimes, toast } from "../page/page.js"

const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000
const PATIENCE = 5_000 // without a heartbeat or an open socket: then poll
const POLL_EVERY = 10_000
const SILENCE = 12_000 // three heartbeats missed: the socket is dead, whatever it says
const GLOW = 6_000
const SIGNED_OUT = 4401
const NOT_YOURS = 4403

export const clientId = crypto.randomUUID?.() ?? Math.random().toString(36).slice(2)

const board = document.querySelector("[data-project]")
const words = JSON.parse(document.getElementById("board-words")?.textContent ?? "{}")
const place = { seq: Number(board?.dataset.seq), epoch: board?.dataset.epoch, task: null }
const putAt = new Map() // element id → the seq of the frame that put or dropped it
const drawn = new WeakMap() // element → the HTML it was put with
const held = new Map() // element id → the op that waits until the element is let go
let socket,
  heardAt,
  wait = FIRST_WAIT,
  polling

export function position() {
  return { since: place.seq, epoch: place.epoch, ...(place.task ? { task: place.task } : {}) }
}

/** Tell the server which task is open, so that its timeline comes along; null when none is. `seq` is what it was drawn at. */
export function openTask(id, seq = place.seq) {
  place.task = id
  place.seq = Math.min(place.seq, seq)
  if (socket?.readyState === WebSocket.OPEN) tellOpenTask()
}

/** From there on once more: the frames that came before the server knew were without this task. */
function tellOpenTask() {
  socket.send(JSON.stringify({ type: "open", task: place.task }))
  if (place.task) socket.send(JSON.stringify({ type: "since", seq: place.seq }))
}

export function applyFrame(frame) {
  if (frame.ops?.some((op) => op.op === "reload") || (frame.epoch && frame.epoch !== place.epoch)) return reload()
  for (const op of frame.ops ?? []) {
    if (op.op === "chip") fillChips(op)
    if (!op.id || (op.audience && op.audience !== place.task)) continue
    if ((putAt.get(op.id) ?? 0) > frame.seq) continue
    putAt.set(op.id, frame.seq)
    if (isHeld(document.getElementById(op.id))) held.set(op.id, op)
    else apply(op)
  }
  place.seq = Math.max(place.seq, frame.seq ?? 0)
  document.dispatchEvent(new CustomEvent("board:changed", { detail: frame.ops ?? [] }))
}

/** What messages show of a task they name. */
function fillChips({ task, html }) {
  for (const chip of document.querySelectorAll(`.chip[data-task="${task}"]`)) chip.innerHTML = html
}

/** Words that the server doesn't keep go through the same socket, and are lost when there is none. */
export function whisper(word) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(word))
}

/** Apply what waited for an element to be let go: call it when a drag, an edit or a menu ends. */
export function release() {
  for (const [id, op] of held) {
    if (isHeld(document.getElementById(id))) continue
    held.delete(id)
    apply(op)
  }
}

function isHeld(element) {
  if (!element) return false
  return (
    element.matches("[data-held]") ||
    !!element.querySelector("details[open]:not(.attempt, .attempt__sent, .entry__long), [data-editing]")
  )
}

function apply(op) {
  if (op.op === "drop") return drop(op.id)
  const parent = document.getElementById(op.parent)
  const element = document.getElementById(op.id)
  if (!parent) return drop(op.id)
  if (!op.rank) return replace(op, element, parent)
  const isCard = parent.tagName === "UL"
  const item = element ?? document.createElement("li")
  const [from, before] = [item.parentElement, item.dataset.rank]
  item.id = op.id
  item.dataset.rank = op.rank
  keepingFocus(item, () => {
    if (drawn.get(item) !== op.html) fill(item, op, isCard)
    if (from !== parent || before !== op.rank) putInPlace(item, parent)
  })
  if (isCard && item.isConnected && from !== parent && op.by && op.by.client !== clientId) glow(item, op.by)
}

/** A card's op is the card, its item is ours; an entry of a timeline brings its own element. */
function fill(item, op, isCard) {
  drawn.set(item, op.html)
  const fresh = elementOf(op.html)
  if (isCard && fresh.tagName !== "LI") item.replaceChildren(fresh)
  else {
    item.replaceChildren(...fresh.childNodes)
    for (const { name, value } of fresh.attributes) if (name !== "id") item.setAttribute(name, value)
  }
  localTimes(item)
}

function replace(op, element, parent) {
  if (element && drawn.get(element) === op.html) return
  const fresh = elementOf(op.html)
  drawn.set(fresh, op.html)
  const focused = element?.contains(document.activeElement) ? document.activeElement : null
  if (element) element.replaceWith(fresh)
  else parent.append(fresh)
  localTimes(fresh)
  if (focused) twinOf(focused, fresh)?.focus({ preventScroll: true })
}

/** What stands in the new element for what had the focus in the old one; inside a menu, what opens it. */
function twinOf(focused, fresh) {
  const told = focused.closest("details")?.querySelector("summary") ?? focused
  const says = (one) => [one.name, one.ariaLabel ?? (one.matches("select") ? "" : one.textContent.trim())].join()
  return [...fresh.querySelectorAll(told.tagName)].find((one) => says(one) === says(told))
}

function drop(id) {
  document.getElementById(id)?.remove()
}

/**
 * Where the rank sorts among the siblings, in byte order. Nowhere behind the last card of a part-loaded column,
 * and outside of what a list says it shows, `data-from` to `data-to`; it keeps what is `data-missed` beyond.
 */
export function putInPlace(item, list) {
  const { rank } = item.dataset
  if (rank > list.dataset.to) list.dataset.missed = rank
  if (rank < list.dataset.from || rank > list.dataset.to) return item.remove()
  const next = [...list.children].find((other) => other !== item && other.dataset.rank > rank)
  const more = list.querySelector(":scope > .column__more")
  if (!next && more) return item.remove()
  const end = list.querySelector(":scope > .column__none")
  list.insertBefore(item, next ?? end)
}

function elementOf(html) {
  const template = document.createElement("template")
  template.innerHTML = html.trim()
  return template.content.firstElementChild
}

/** Moving an element in the page takes its focus away; give it back, with the half-typed text where it was. */
function keepingFocus(item, change) {
  const focused = item.contains(document.activeElement) ? document.activeElement : null
  const wasCard = focused?.matches(".card__link")
  change()
  if (!focused || document.activeElement === focused) return
  const again = focused.isConnected ? focused : wasCard && item.querySelector(".card__link")
  if (again) again.focus({ preventScroll: true })
}

function glow(item, by) {
  const card = item.querySelector(".card")
  card.dataset.moved = ""
  card.dataset.hue = by.hue
  const note = document.createElement("p")
  note.className = "note note--moved"
  note.append(
    Object.assign(document.createElement("span"), {
      className: "note__text",
      textContent: words.moved_by.replace("{name}", by.name),
    }),
  )
  card.append(note)
  setTimeout(() => {
    note.remove()
    delete card.dataset.moved
    delete card.dataset.hue
  }, GLOW)
}

/** Too far behind, or another log: take the page's own content anew, unless somebody is typing. */
async function reload() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } }).catch(() => null)
  if (answer?.status === 401) signedOut()
  if (!answer?.ok) return
  const page = new DOMParser().parseFromString(await answer.text(), "text/html")
  const fresh = page.querySelector("[data-project]")
  if (fresh?.querySelector(".board__columns")) renewColumns(page, fresh)
  else if (!fresh?.matches(".chat-page")) return location.reload()
  putAt.clear()
  held.clear()
  Object.assign(place, { seq: Number(fresh.dataset.seq), epoch: fresh.dataset.epoch })
  localTimes(board)
  document.dispatchEvent(new CustomEvent("board:renewed"))
  if (socket?.readyState === WebSocket.OPEN) socket.close()
}

function renewColumns(page, fresh) {
  const typed = [...board.querySelectorAll(".quick-add__title")].map((input) => input.value)
  const focus = [...board.querySelectorAll(".quick-add__title")].indexOf(document.activeElement)
  for (const id of ["board-head"]) document.getElementById(id).replaceWith(page.getElementById(id))
  board.querySelector(".board__columns").replaceWith(fresh.querySelector(".board__columns"))
  const inputs = [...board.querySelectorAll(".quick-add__title")]
  typed.forEach((value, index) => inputs[index] && (inputs[index].value = value))
  inputs[focus]?.focus()
}

function connect() {
  clearTimeout(connect.timer)
  if (isSignedOut() || socket?.readyState <= WebSocket.OPEN) return
  const asked = new URLSearchParams({ ...position(), lang: document.documentElement.lang })
  const url = new URL(`/ws/projects/${board.dataset.project}/?${asked}`, location.href)
  url.protocol = url.protocol.replace("http", "ws")
  socket = new WebSocket(url)
  socket.onopen = () => {
    show("on")
    if (place.task) tellOpenTask()
  }
  socket.onmessage = (message) => hear(JSON.parse(message.data))
  socket.onclose = (event) => lost(event.code)
}

function hear(frame) {
  heardAt = now()
  wait = FIRST_WAIT
  if ("head" in frame) {
    if (frame.epoch !== place.epoch) reload()
    else if (frame.head > place.seq) socket.send(JSON.stringify({ type: "since", seq: place.seq }))
  } else if ("ops" in frame) applyFrame(frame)
  else document.dispatchEvent(new CustomEvent("board:whispered", { detail: frame }))
}

function lost(code) {
  if (code === SIGNED_OUT) return signedOut()
  if (code === NOT_YOURS) return location.reload()
  if (document.documentElement.dataset.live === "on") show("off")
  connect.timer = setTimeout(connect, wait * (0.5 + Math.random()))
  wait = Math.min(wait * 2, LONGEST_WAIT)
}

function show(state) {
  document.documentElement.dataset.live = state
  const line = document.getElementById("live-line")
  if (state === "on") {
    clearTimeout(show.timer)
    show.timer = null
    clearInterval(polling)
    polling = null
    line.hidden = true
    heardAt = now()
    document.dispatchEvent(new CustomEvent("board:live"))
  } else show.timer ??= setTimeout(startPolling, PATIENCE)
}

const isSignedOut = () => document.documentElement.dataset.live === "signed-out"

/** The session is over: the page asks for nothing any more, and says so. Its own address leads to the sign-in page. */
function signedOut() {
  if (isSignedOut()) return
  document.documentElement.dataset.live = "signed-out"
  clearTimeout(show.timer)
  clearInterval(polling)
  document.getElementById("live-line").hidden = true
  const link = Object.assign(document.createElement("a"), {
    href: location.pathname + location.search,
    textContent: words.sign_in,
  })
  lasting(words.signed_out, link)
}

function startPolling() {
  document.documentElement.dataset.live = "polling"
  const line = document.getElementById("live-line")
  line.textContent = words.limited
  line.hidden = false
  poll()
  polling ??= setInterval(poll, POLL_EVERY)
}

async function poll() {
  const asked = new URLSearchParams(position())
  const answer = await fetch(`/projects/${board.dataset.project}/updates/?${asked}`, {
    headers: { Accept: "application/json" },
  }).catch(() => null)
  if (answer?.status === 401) signedOut()
  else if (answer?.ok && !answer.redirected) applyFrame(await answer.json())
}

function hurry() {
  if (socket?.readyState === WebSocket.OPEN) return
  wait = FIRST_WAIT
  connect()
}

if (board?.dataset.seq) {
  show("off")
  connect()
  setInterval(() => {
    if (socket?.readyState === WebSocket.OPEN && now() - heardAt > SILENCE) socket.close()
    release()
  }, 2_000)
  addEventListener("online", hurry)
  document.addEventListener("visibilitychange", () => document.hidden || hurry())
  document.addEventListener("focusout", () => setTimeout(release))
  document.addEventListener("toggle", () => setTimeout(release), true)
}

/** Post a change (fields as an object or as pairs) with where this page is; its answer is the frame that brings the page up to it, or a refusal. After `patience` milliseconds without one it did not arrive. */
export async function change(url, fields, { isQuiet = false, patience } = {}) {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields)
  const body = new URLSearchParams([...Object.entries({ client: clientId, ...position() }), ...pairs])
  const answer = await fetch(url, {
    method: "POST",
    headers: { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf },
    body,
    signal: patience && AbortSignal.timeout(patience),
  }).catch(() => null)
  if (!answer || answer.redirected || !answer.headers.get("Content-Type")?.includes("json")) {
    if (!isQuiet) toast(words.offline)
    return { code: "offline", message: words.offline }
  }
  const told = await answer.json()
  if (answer.status === 401) signedOut()
  if (!answer.ok) return told
  applyFrame(told)
  return null
}
