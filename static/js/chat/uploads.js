// Files for the message that is being written: pasted, dropped or chosen, uploaded at once, each with its progress.

import { closest, find, one } from "../page/dom.js"
import { insert } from "../page/fields.js"
import { wordsIn } from "../page/pasting.js"
import { toast } from "../page/toasts.js"
import { boardWords, chatWords } from "../page/words.js"
import { sentenceOf } from "../realtime/refusals.js"
import { composerOf, openRoom } from "./room_elements.js"
import { upload } from "./upload_request.js"

/** @typedef {{file: File, item: HTMLElement, abort?: () => void, id?: string}} Upload */

/** @type {WeakMap<HTMLElement, Upload[]>} room → its uploads, in the order they were added */
const uploads = new WeakMap()
/** @param {HTMLElement} room */
const listOf = (room) => one(room, ".composer__files")
/** @param {HTMLElement} room */
const uploadsOf = (room) => uploads.get(room) ?? []
/** @param {HTMLElement | null} room */
const formOf = (room) => room && find(room, ".chat__foot .composer")

/** What the next message carries, or null while some of it is not there yet. @param {HTMLElement} room */
export function filesFor(room) {
  const ready = uploadsOf(room).flatMap(({ id, file }) => (id ? [{ id, name: file.name }] : []))
  return ready.length === uploadsOf(room).length ? ready : null
}

/** @param {HTMLElement} room */
export function clearFiles(room) {
  for (const each of uploadsOf(room)) each.item.remove()
  uploads.delete(room)
}

/**
 * @param {HTMLElement} room
 * @param {File[]} files
 */
function add(room, files) {
  const { largest, most, saysMost = "", saysLargest = "" } = listOf(room).dataset
  for (const file of files) {
    if (uploadsOf(room).length >= Number(most)) return toast(saysMost)
    const added = { file, item: draw(room, file) }
    uploads.set(room, [...uploadsOf(room), added])
    one(added.item, "[data-retry]").onclick = () => start(room, added)
    one(added.item, "[data-discard]").onclick = () => discard(room, added)
    if (file.size > Number(largest)) fail(added, saysLargest, { isFinal: true })
    else start(room, added)
  }
  composerOf(room)?.focus()
}

/**
 * @param {HTMLElement} room
 * @param {File} file
 */
function draw(room, file) {
  const template = /** @type {HTMLTemplateElement} */ (one(room, ".chat__file"))
  const item = /** @type {HTMLElement} */ (template.content.firstElementChild?.cloneNode(true))
  one(item, "bdi").textContent = file.name
  one(item, "[data-discard]").ariaLabel += `: ${file.name}`
  listOf(room).append(item)
  return item
}

/**
 * @param {HTMLElement} room
 * @param {Upload} started
 */
function start(room, started) {
  const progress = progressOf(started)
  progress.hidden = false
  progress.removeAttribute("value")
  one(started.item, "[data-retry]").hidden = true
  one(started.item, "[role=status]").textContent = ""
  started.abort = upload(`${room.dataset.url}files/`, started.file, {
    onProgress(share) {
      progress.value = share
    },
    onEnd({ id, message, status }) {
      if (!id) return fail(started, message ?? (status ? sentenceOf(status, boardWords) : chatWords().not_uploaded))
      started.id = id
      progress.hidden = true
      started.item.dataset.done = ""
    },
  })
}

/** @param {Upload} upload @returns {HTMLProgressElement} */
const progressOf = ({ item }) => one(item, "progress")

/**
 * @param {Upload} failed
 * @param {string} sentence
 */
function fail(failed, sentence, { isFinal = false } = {}) {
  progressOf(failed).hidden = true
  one(failed.item, "[data-retry]").hidden = isFinal
  one(failed.item, "[role=status]").textContent = sentence
}

/**
 * Nobody sends it: the server forgets it by itself.
 * @param {HTMLElement} room
 * @param {Upload} unwanted
 */
function discard(room, unwanted) {
  unwanted.abort?.()
  unwanted.item.remove()
  uploads.set(
    room,
    uploadsOf(room).filter((each) => each !== unwanted),
  )
  composerOf(room)?.focus()
}

// Chosen, pasted, dropped

document.addEventListener("click", (event) => {
  const form = formOf(openRoom())
  if (form && closest(event, ".composer__clip")) one(form, "[type=file]").click()
})

document.addEventListener("change", ({ target }) => {
  const room = openRoom()
  if (!room || !(target instanceof HTMLInputElement) || !target.matches(".composer [type=file]")) return
  add(room, [...(target.files ?? [])])
  target.value = ""
})

document.addEventListener("paste", (event) => {
  const room = openRoom()
  const files = [...(event.clipboardData?.files ?? [])]
  if (!room || !files.length || event.target !== composerOf(room) || wordsIn(event.clipboardData)) return
  event.preventDefault()
  add(room, files)
})

/** The room that files are dragged over. @param {DragEvent} event */
function roomUnder(event) {
  const room = openRoom()
  return formOf(room) && event.dataTransfer?.types.includes("Files") && closest(event, ".chat") ? room : null
}

/** @param {DragEvent} event */
function onDrag(event) {
  const room = roomUnder(event)
  if (!room) return
  event.preventDefault()
  room.dataset.drop = ""
}

document.addEventListener("dragenter", onDrag)
document.addEventListener("dragover", onDrag)

document.addEventListener("dragleave", (event) => {
  const room = openRoom()
  if (room && !room.contains(/** @type {Node | null} */ (event.relatedTarget))) delete room.dataset.drop
})

document.addEventListener("drop", (event) => {
  const room = roomUnder(event)
  if (!room) return
  event.preventDefault()
  delete room.dataset.drop
  const words = wordsIn(event.dataTransfer)
  const field = composerOf(room)
  if (words && field) insert(field, words)
  else add(room, [...(event.dataTransfer?.files ?? [])])
})
