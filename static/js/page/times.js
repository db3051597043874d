// Times are read in the reader's own clock: in the zone that they have chosen, else in the browser's.

import { now } from "./clock.js"
import { daysIn } from "./days.js"
import { all } from "./dom.js"

const MINUTE = 60_000
const zone = chosenZone()
const language = document.documentElement.lang

// The zone the reader has chosen, if this browser knows it. Without a choice times are in the browser's
// own, which the server is told so that what it writes itself is in that too.
function chosenZone() {
  const name = document.documentElement.dataset.zone
  try {
    const { timeZone } = new Intl.DateTimeFormat("en", { timeZone: name }).resolvedOptions()
    const secure = location.protocol === "https:" ? "; secure" : ""
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is only there on secure origins
    if (!name) document.cookie = `time_zone=${timeZone}; path=/; max-age=31536000; samesite=lax${secure}`
    return name
  } catch {
    return undefined
  }
}

export const { dayOf, dayName } = daysIn(language, zone)

/** Times are written with their day unless it is today's; those under a day's own heading never are. @param {ParentNode} root */
export function localTimes(root) {
  /** @type {Intl.DateTimeFormatOptions} */
  const hours = { hour: "2-digit", minute: "2-digit", timeZone: zone }
  const clock = new Intl.DateTimeFormat(language, hours)
  const calendar = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", ...hours })
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone: zone })
  const today = day.format(now())
  /** @type {HTMLTimeElement[]} */
  const times = all(root, "time[datetime]:not([data-local], [data-elapsed])")
  for (const time of times) {
    const at = new Date(time.dateTime)
    time.textContent = ("clock" in time.dataset || day.format(at) === today ? clock : calendar).format(at)
    time.title = at.toLocaleString(language, { timeZone: zone })
    time.dataset.local = ""
  }
}

localTimes(document)

let today = dayOf(new Date(now()))

// A page stays open over midnight: what was today's gets its day, and what names days hears of it.
function turnDay() {
  if (dayOf(new Date(now())) === today) return
  today = dayOf(new Date(now()))
  for (const time of all(document, "time[data-local]")) delete time.dataset.local
  localTimes(document)
  document.dispatchEvent(new Event("newday"))
}
setInterval(turnDay, MINUTE)
document.addEventListener("visibilitychange", turnDay) // a computer that slept
