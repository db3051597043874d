// Files for the message that is being written: pasted, dropped or chosen, uploaded at once, each with its progress.

import { openRoom, words } from "./history.js"
import { toast } from "../page/page.js"

/** @typedef {{file: File, item: HTMLElement, request?: XMLHttpRequest, id?: string}} Upload */

const uploads = new WeakMap() // room → its uploads, in the order they were added
const listOf = (room) => room.querySelector(".composer__files")
/** @returns {Upload[]} */
const uploadsOf = (room) => uploads.get(room) ?? []
const formOf = (room) => room?.querySelector(".chat__foot .composer")

/** What the next message carries, or null while some of it is not there yet. */
export function filesFor(room) {
  const all = uploadsOf(room)
  return all.every((one) => one.id) ? all.map((one) => ({ id: one.id, name: one.file.name })) : null
}

export function clearFiles(room) {
  for (const one of uploadsOf(room)) one.item.remove()
  uploads.delete(room)
}

function add(room, files) {
  const { largest, most } = listOf(room).dataset
  for (const file of files) {
    if (uploadsOf(room).length >= most) return toast(listOf(room).dataset.saysMost)
    const upload = { file, item: draw(room, file) }
    uploads.set(room, [...uploadsOf(room), upload])
    upload.item.querySelector("[data-retry]").onclick = () => start(room, upload)
    upload.item.querySelector("[data-discard]").onclick = () => discard(room, upload)
    if (file.size > largest) fail(upload, listOf(room).dataset.saysLargest, { isFinal: true })
    else start(room, upload)
  }
  room.querySelector(".composer__field").focus()
}

function draw(room, file) {
  const item = room.querySelector(".chat__file").content.firstElementChild.cloneNode(true)
  item.querySelector("bdi").textContent = file.name
  item.querySelector("[data-discard]").ariaLabel += `: ${file.name}`
  listOf(room).append(item)
  return item
}

function start(room, upload) {
  const { file, item } = upload
  const request = (upload.request = new XMLHttpRequest())
  const progress = item.querySelector("progress")
  progress.hidden = false
  progress.removeAttribute("value")
  item.querySelector("[data-retry]").hidden = true
  item.querySelector("[role=status]").textContent = ""
  request.upload.onprogress = ({ loaded, total }) => (progress.value = loaded / total)
  request.onload = () => finish(upload)
  request.onerror = () => fail(upload, words().not_uploaded)
  request.open("POST", `${room.dataset.url}files/`)
  request.setRequestHeader("Accept", "application/json")
  request.setRequestHeader("X-CSRFToken", document.body.dataset.csrf)
  const body = new FormData()
  body.append("file", file)
  request.send(body)
}

function finish(upload) {
  const { request, item } = upload
  const told = request.getResponseHeader("Content-Type")?.includes("json") ? JSON.parse(request.responseText) : {}
  if (request.status !== 201) return fail(upload, told.message ?? words().not_uploaded)
  upload.id = told.id
  item.querySelector("progress").hidden = true
  item.dataset.done = ""
}

function fail({ item }, sentence, { isFinal = false } = {}) {
  item.querySelector("progress").hidden = true
  item.querySelector("[data-retry]").hidden = isFinal
  item.querySelector("[role=status]").textContent = sentence
}

/** Nobody sends it: the server forgets it by itself. */
function discard(room, upload) {
  upload.request?.abort()
  upload.item.remove()
  uploads.set(
    room,
    uploadsOf(room).filter((one) => one !== upload),
  )
  room.querySelector(".composer__field").focus()
}

// Chosen, pasted, dropped

document.addEventListener("click", (event) => {
  if (event.target.closest(".composer__clip")) formOf(openRoom()).querySelector("[type=file]").click()
})

document.addEventListener("change", ({ target }) => {
  if (!target.matches(".composer [type=file]")) return
  add(openRoom(), [...target.files])
  target.value = ""
})

document.addEventListener("paste", (event) => {
  const files = [...(event.clipboardData?.files ?? [])]
  if (!files.length || event.target !== openRoom()?.querySelector(".chat__foot .composer__field")) return
  event.preventDefault()
  add(openRoom(), files)
})

const carriesFiles = (event) =>
  event.dataTransfer?.types.includes("Files") && event.target.closest?.(".chat") && formOf(openRoom())

for (const kind of ["dragenter", "dragover"]) {
  document.addEventListener(kind, (event) => {
    if (!carriesFiles(event)) return
    event.preventDefault()
    openRoom().dataset.drop = ""
  })
}

document.addEventListener("dragleave", (event) => {
  if (openRoom() && !openRoom().contains(event.relatedTarget)) delete openRoom().dataset.drop
})

document.addEventListener("drop", (event) => {
  if (!carriesFiles(event)) return
  event.preventDefault()
  delete openRoom().dataset.drop
  add(openRoom(), [...event.dataTransfer.files])
})
