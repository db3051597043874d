// What is being sent: shown at once, kept in this browser until the server has it, tried again with the same
// id, under which the server keeps it only once.

import { change } from "../realtime/live.js"
import { listOf, logOf, openRoom, settle, toNewest, words } from "./history.js"

const PATIENCE = 20_000 // milliseconds: what hangs is not in the way of what comes after it
const keyOf = (room) => `outbox:${document.body.dataset.me}:${room.dataset.room}`
let queue = Promise.resolve() // messages reach the server in the order they were written
const unsent = new Set() // client ids that this page could not send: it does when the line is there again

/** @typedef {{client_message_id: string, text: string, reply_to: string, files: {id: string, name: string}[], failed?: string}} Letter */

/** @returns {Letter[]} */
function lettersOf(room) {
  try {
    return JSON.parse(localStorage.getItem(keyOf(room))) ?? []
  } catch {
    return []
  }
}

function keep(room, letters) {
  try {
    if (letters.length) localStorage.setItem(keyOf(room), JSON.stringify(letters))
    else localStorage.removeItem(keyOf(room))
  } catch {
    // A browser that keeps nothing: the letter stays on the page.
  }
}

const itemOf = (id) => document.getElementById(`pending-${id}`)

/** A random UUID; `crypto.randomUUID` is only there on secure origins. */
function uuid() {
  if (crypto.randomUUID) return crypto.randomUUID()
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("")
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

export function send(room, text, replyTo, files) {
  const letter = { client_message_id: uuid(), text, reply_to: replyTo, files }
  keep(room, [...lettersOf(room), letter])
  draw(room, letter)
  toNewest(room)
  post(room, letter)
}

/** What was left here by an earlier page: it says that it was not sent, and waits for its author, who may think anew. */
export function showOutbox(room) {
  for (const letter of lettersOf(room)) draw(room, { ...letter, failed: letter.failed ?? words().not_sent })
}

function draw(room, letter) {
  if (itemOf(letter.client_message_id) || hasArrived(letter.client_message_id)) return
  const item = room.querySelector(".chat__pending").content.firstElementChild.cloneNode(true)
  item.id = `pending-${letter.client_message_id}`
  item.querySelector(".entry__text").textContent = [letter.text, ...(letter.files ?? []).map((file) => file.name)]
    .join("\n")
    .trim()
  item.querySelector("[data-retry]").onclick = () => post(room, letter)
  item.querySelector("[data-discard]").onclick = () => forget(room, letter)
  listOf(room).append(item)
  if (letter.failed) fail(room, letter, letter.failed)
}

const hasArrived = (id) => !!document.querySelector(`.message[data-client-message-id="${id}"]`)

function post(room, letter) {
  unsent.delete(letter.client_message_id)
  show(letter, words().sending)
  queue = queue.then(async () => {
    const { client_message_id, text, reply_to } = letter
    const files = (letter.files ?? []).map((file) => file.id).join(" ")
    const refusal = await change(
      `${room.dataset.url}messages/`,
      { client_message_id, text, reply_to, files },
      { isQuiet: true, patience: PATIENCE },
    )
    if (refusal?.code === "offline") return awaitLine(room, letter)
    if (refusal) return fail(room, letter, refusal.message)
    forget(room, letter)
    if (listOf(room).dataset.to) toNewest(room)
  })
}

function awaitLine(room, letter) {
  unsent.add(letter.client_message_id)
  fail(room, letter, words().not_sent)
}

function sendWhatWaits() {
  const room = openRoom()
  if (!room) return
  for (const letter of lettersOf(room)) if (unsent.has(letter.client_message_id)) post(room, letter)
}

document.addEventListener("board:live", sendWhatWaits)
addEventListener("online", sendWhatWaits)

function fail(room, letter, sentence) {
  keep(
    room,
    lettersOf(room).map((one) =>
      one.client_message_id === letter.client_message_id ? { ...one, failed: sentence } : one,
    ),
  )
  show(letter, sentence, true)
}

function show(letter, sentence, hasFailed = false) {
  const item = itemOf(letter.client_message_id)
  if (!item) return
  item.toggleAttribute("data-failed", hasFailed)
  item.querySelector(".message__error").textContent = sentence
  for (const button of item.querySelectorAll("button")) button.hidden = !hasFailed
}

function forget(room, letter) {
  itemOf(letter.client_message_id)?.remove()
  keep(
    room,
    lettersOf(room).filter((one) => one.client_message_id !== letter.client_message_id),
  )
}

/** The message itself is there: what stood for it goes. It may have come by the socket before its answer. */
function clearArrived(room) {
  for (const letter of lettersOf(room)) if (hasArrived(letter.client_message_id)) forget(room, letter)
}

document.addEventListener("board:changed", () => {
  const room = openRoom()
  if (!room) return
  clearArrived(room)
  settle(room)
})

/** Another tab of this browser has sent or thrown away what stands here too. */
addEventListener("storage", ({ key }) => {
  const room = openRoom()
  if (!room || key !== keyOf(room)) return
  const left = new Set(lettersOf(room).map((one) => `pending-${one.client_message_id}`))
  for (const item of logOf(room).querySelectorAll(".message--pending")) if (!left.has(item.id)) item.remove()
})
