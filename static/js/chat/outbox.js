// What is being sent: shown at once, kept in this browser until the server has it, tried again with the same id,
// under which the server keeps it only once.

/** @import { Refusal } from "../realtime/refusals.js" */
/** @import { Letter } from "./outbox_store.js" */
import { all, find, one } from "../page/dom.js"
import { listen } from "../page/events.js"
import { Queue } from "../page/queue.js"
import { uuid } from "../page/uuid.js"
import { chatWords } from "../page/words.js"
import { change, changeInTurn } from "../realtime/change.js"
import { hasAnswered, isLost } from "../realtime/refusals.js"
import { settle, toNewest } from "./history.js"
import { OutboxStore } from "./outbox_store.js"
import { listOf, logOf, openRoom } from "./room_elements.js"

const queue = new Queue() // messages reach the server in the order they were written
/** @type {Set<string>} */
const unsent = new Set() // client ids that this page could not send: it does when it is connected again

/** @param {HTMLElement} room */
const storeOf = (room) => new OutboxStore(`outbox:${document.body.dataset.me}:${room.dataset.room}`)
/** @param {string} id */
const itemOf = (id) => document.getElementById(`pending-${id}`)
/** @param {string} id */
const hasArrived = (id) => !!find(document, `.message[data-client-message-id="${id}"]`)

/**
 * @param {HTMLElement} room
 * @param {string} text
 * @param {string} replyTo
 * @param {Letter["files"]} files
 */
export function sendMessage(room, text, replyTo, files) {
  const letter = { client_message_id: uuid(), text, reply_to: replyTo, files }
  storeOf(room).add(letter)
  draw(room, letter)
  toNewest(room)
  post(room, letter)
}

/** What was left here by an earlier page: it says that it was not sent, and waits for its author, who may think anew. @param {HTMLElement} room */
export function showOutbox(room) {
  for (const letter of storeOf(room).letters) {
    draw(room, { ...letter, failed: letter.failed ?? chatWords().not_sent })
  }
}

/**
 * @param {HTMLElement} room
 * @param {Letter} letter
 */
function draw(room, letter) {
  if (itemOf(letter.client_message_id) || hasArrived(letter.client_message_id)) return
  /** @type {HTMLElement} */
  const template = one(room, ".chat__pending")
  const pattern = /** @type {HTMLTemplateElement} */ (template).content.firstElementChild
  const item = /** @type {HTMLElement} */ (pattern?.cloneNode(true))
  item.id = `pending-${letter.client_message_id}`
  const names = (letter.files ?? []).map((file) => file.name)
  one(item, ".entry__text").textContent = [letter.text, ...names].join("\n").trim()
  one(item, "[data-retry]").onclick = () => post(room, letter)
  one(item, "[data-discard]").onclick = () => forget(room, letter)
  listOf(room).append(item)
  if (letter.failed) fail(room, letter, letter.failed)
}

/**
 * @param {HTMLElement} room
 * @param {Letter} letter
 */
async function post(room, letter) {
  unsent.delete(letter.client_message_id)
  show(letter, chatWords().sending)
  const { client_message_id, text, reply_to } = letter
  const files = (letter.files ?? []).map((file) => file.id).join(" ")
  const send = () => change(`${room.dataset.url}messages/`, { client_message_id, text, reply_to, files })
  const refusal = await changeInTurn(queue, send)
  if (refusal && isLost(refusal)) return awaitConnection(room, letter, refusal)
  if (refusal) return fail(room, letter, refusal.message)
  forget(room, letter)
  if (listOf(room).dataset.to) toNewest(room)
}

/**
 * @param {HTMLElement} room
 * @param {Letter} letter
 * @param {Refusal} refusal
 */
function awaitConnection(room, letter, refusal) {
  unsent.add(letter.client_message_id)
  fail(room, letter, hasAnswered(refusal) ? refusal.message : chatWords().not_sent)
}

function sendUnsent() {
  const room = openRoom()
  if (!room) return
  for (const letter of storeOf(room).letters) if (unsent.has(letter.client_message_id)) post(room, letter)
}

listen("realtime:connected", sendUnsent)
addEventListener("online", sendUnsent)

/**
 * @param {HTMLElement} room
 * @param {Letter} letter
 * @param {string} sentence
 */
function fail(room, letter, sentence) {
  storeOf(room).fail(letter.client_message_id, sentence)
  show(letter, sentence, true)
}

/**
 * @param {Letter} letter
 * @param {string} sentence
 */
function show({ client_message_id }, sentence, hasFailed = false) {
  const item = itemOf(client_message_id)
  if (!item) return
  item.toggleAttribute("data-failed", hasFailed)
  one(item, ".message__error").textContent = sentence
  for (const button of all(item, "button")) button.hidden = !hasFailed
}

/**
 * @param {HTMLElement} room
 * @param {Letter} letter
 */
function forget(room, { client_message_id }) {
  itemOf(client_message_id)?.remove()
  storeOf(room).remove(client_message_id)
}

/** The message itself is there: what stood for it goes. It may have come by the socket before its answer. @param {HTMLElement} room */
function clearArrived(room) {
  for (const letter of storeOf(room).letters) if (hasArrived(letter.client_message_id)) forget(room, letter)
}

listen("realtime:applied", () => {
  const room = openRoom()
  if (!room) return
  clearArrived(room)
  settle(room)
})

/** Another tab of this browser has sent or discarded what stands here too. */
addEventListener("storage", ({ key }) => {
  const room = openRoom()
  const store = room && storeOf(room)
  if (!store || key !== store.key) return
  const left = new Set(store.letters.map((letter) => `pending-${letter.client_message_id}`))
  for (const item of all(logOf(room), ".message--pending")) if (!left.has(item.id)) item.remove()
})
