// The way frames come: a socket, and while there is none a question every ten seconds.

import { now } from "../page/clock.js"
import { dispatch, listen } from "../page/events.js"
import { request } from "../page/requests.js"
import { boardWords } from "../page/words.js"
import { Backoff } from "./backoff.js"
import { applied, applyFrame, projectElement, reader, release, reload } from "./live.js"
import { isSignedOut, signedOut } from "./session.js"

const FIRST_WAIT = 500
const LONGEST_WAIT = 30_000
const POLL_AFTER = 5_000 // without an open socket
const POLL_EVERY = 10_000
const POLL_PATIENCE = 8_000
const SILENCE = 12_000 // three heartbeats missed: the socket is dead, whatever it says
const SIGNED_OUT = 4401
const NOT_YOURS = 4403

const backoff = new Backoff(FIRST_WAIT, LONGEST_WAIT)
/** @type {WebSocket | undefined} */
let socket
let heardAt = 0
/** @type {number | undefined} */
let connecting
/** @type {number | undefined} */
let pollingSoon
/** @type {number | undefined} */
let polling

const isOpen = () => socket?.readyState === WebSocket.OPEN
const key = () => projectElement?.dataset.project

/** What the server passes on without storing it goes through the same socket, and is lost when there is none. @param {object} message */
export function sendEphemeral(message) {
  if (isOpen()) socket?.send(JSON.stringify(message))
}

/**
 * Tell the server which task is open, so that its timeline comes along; null when none is. `seq` is what it was drawn at.
 * @param {number | null} task
 * @param {number} [seq]
 */
export function openTask(task, seq) {
  reader.open(task, seq)
  tellOpenTask()
}

/** From there on once more: the frames that came before the server knew were without this task. */
function tellOpenTask() {
  sendEphemeral({ type: "open", task: reader.task })
  if (reader.task) sendEphemeral({ type: "since", seq: reader.seq })
}

function connect() {
  clearTimeout(connecting)
  if (isSignedOut() || (socket && socket.readyState <= WebSocket.OPEN)) return
  const asked = new URLSearchParams({ ...query(), lang: document.documentElement.lang })
  const url = new URL(`/ws/projects/${key()}/?${asked}`, location.href)
  url.protocol = url.protocol.replace("http", "ws")
  socket = new WebSocket(url)
  socket.onopen = () => {
    showState("on")
    if (reader.task) tellOpenTask()
  }
  socket.onmessage = (message) => onMessage(JSON.parse(message.data))
  socket.onclose = (event) => onClose(event.code)
}

export const query = () =>
  Object.fromEntries(Object.entries(reader.position).map(([name, value]) => [name, String(value)]))

/** @param {any} message a heartbeat, a frame, or what is not stored */
function onMessage(message) {
  heardAt = now()
  backoff.reset()
  if ("head" in message) {
    if (message.epoch !== reader.epoch) reload()
    else if (message.head > reader.seq) sendEphemeral({ type: "since", seq: reader.seq })
  } else if ("ops" in message) applyFrame(message)
  else dispatch("realtime:ephemeral", message)
}

/** @param {number} code */
function onClose(code) {
  if (code === SIGNED_OUT) return signedOut()
  if (code === NOT_YOURS) return location.reload()
  if (document.documentElement.dataset.live === "on") showState("off")
  connecting = setTimeout(connect, backoff.next())
}

function stopPolling() {
  clearTimeout(pollingSoon)
  pollingSoon = undefined
  clearInterval(polling)
  polling = undefined
}

/** @param {"on" | "off"} state */
function showState(state) {
  document.documentElement.dataset.live = state
  if (state === "off") {
    pollingSoon ??= setTimeout(startPolling, POLL_AFTER)
    return
  }
  stopPolling()
  const line = document.getElementById("live-line")
  if (line) line.hidden = true
  heardAt = now()
  dispatch("realtime:connected", null)
}

function startPolling() {
  if (isSignedOut()) return
  document.documentElement.dataset.live = "polling"
  const line = document.getElementById("live-line")
  if (line) {
    line.textContent = boardWords.limited
    line.hidden = false
  }
  catchUp()
  polling ??= setInterval(catchUp, POLL_EVERY)
}

/** Ask once for what this page has missed; whether the page is up to date after that. */
export async function catchUp() {
  if (isSignedOut()) {
    stopPolling()
    return false
  }
  const url = `/projects/${key()}/updates/?${new URLSearchParams(query())}`
  const answer = await request(url, { headers: { Accept: "application/json" } }, POLL_PATIENCE)
  if (answer.status === 401) signedOut()
  return answer.isOk && answer.isJson && applied(answer.body)
}

function connectAtOnce() {
  if (isOpen()) return
  backoff.reset()
  connect()
}

if (projectElement?.dataset.seq) {
  showState("off")
  connect()
  setInterval(() => {
    if (isOpen() && now() - heardAt > SILENCE) socket?.close()
    release()
  }, 2_000)
  addEventListener("online", connectAtOnce)
  document.addEventListener("visibilitychange", () => document.hidden || connectAtOnce())
  document.addEventListener("focusout", () => setTimeout(release))
  document.addEventListener("toggle", () => setTimeout(release), true)
  listen("realtime:reloaded", () => isOpen() && socket?.close())
}
