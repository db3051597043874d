// What every page does: menus close by themselves, toasts go, times read in the reader's own clock, the
// title and the icon in the browser's tab say how much is unread.

import { now } from "./clock.js"

const TOAST_SECONDS = 6
const zone = chosenZone()

export function toast(sentence) {
  leave(lasting(sentence))
}

/** A toast that stays. */
export function lasting(...content) {
  const line = document.createElement("p")
  line.className = "toast"
  line.append(...content)
  document.getElementById("toasts").append(line)
  return line
}

function leave(line) {
  setTimeout(() => line.remove(), TOAST_SECONDS * 1000)
}

function closeMenus(except) {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(except)) menu.open = false
  }
}

// The zone the reader has chosen, if this browser knows it. Without a choice times are in the browser's
// own, which the server is told so that what it writes itself is in that too.
function chosenZone() {
  const name = document.documentElement.dataset.zone
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions()
    const secure = location.protocol === "https:" ? "; secure" : ""
    if (!name) document.cookie = `time_zone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`
    return name
  } catch {
    return undefined
  }
}

const language = document.documentElement.lang
const dayNumber = new Intl.DateTimeFormat("en-CA", {
  year: "numeric",
  month: "2-digit",
  day: "2-digit",
  timeZone: zone,
})
const farDay = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: zone })
const oldDay = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: zone })
const nearDay = new Intl.RelativeTimeFormat(language, { numeric: "auto" })

/** Which day it is for the reader: "2026-11-23". */
export const dayOf = (at) => dayNumber.format(at)

/** Today, Yesterday, else the date; without the year while it goes without saying. */
export function dayName(at) {
  const days = Math.round((new Date(dayOf(now())) - new Date(dayOf(at))) / 86_400_000)
  const name = days <= 1 ? nearDay.format(-days, "day") : (days < 300 ? farDay : oldDay).format(at)
  return name[0].toLocaleUpperCase(language) + name.slice(1)
}

/** Keys pressed while an input method makes up a word are its own; Safari tells only by the code 229. */
export const isComposing = (event) => event.isComposing || event.keyCode === 229

let unread = 0
let title = document.title

/** The page is called `name` now. */
export function entitle(name) {
  title = name
  document.title = unread ? `(${unread}) ${title}` : title
}

export function showUnread(count) {
  unread = count
  entitle(title)
  const icon = document.querySelector("link[rel=icon]")
  icon.dataset.plain ??= icon.getAttribute("href")
  icon.setAttribute("href", count ? icon.dataset.unread : icon.dataset.plain)
}

/** Times are written with their day unless it is today's; those under a day's own heading never are. */
export function localTimes(root) {
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: zone })
  const calendar = new Intl.DateTimeFormat(language, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
    timeZone: zone,
  })
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone: zone })
  const today = day.format(now())
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime)
    time.textContent = ("clock" in time.dataset || day.format(at) === today ? clock : calendar).format(at)
    time.title = at.toLocaleString(language, { timeZone: zone })
    time.dataset.local = ""
  }
}

document.querySelectorAll(".toasts > .toast").forEach(leave)
document.addEventListener("click", (event) => closeMenus(event.target))
document.addEventListener("keydown", (event) => {
  const menu = event.key === "Escape" && event.target.closest("details.menu[open]")
  if (!menu) return
  menu.open = false
  menu.querySelector("summary").focus()
  event.preventDefault() // it is used up: what the menu lies in stays open
})
localTimes(document)
