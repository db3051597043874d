// How long something is so already, in brackets: the text of each <time data-elapsed>, kept true every second.

import { now } from "./clock.js"
import { all } from "./dom.js"
import { elapsedIn } from "./durations.js"

const EVERY = 1000
const elapsed = elapsedIn(document.documentElement.lang)

function tell() {
  /** @type {HTMLTimeElement[]} */
  const times = all(document, "time[data-elapsed]")
  for (const time of times) {
    const text = `(${elapsed(now() - Date.parse(time.dateTime))})`
    if (time.textContent !== text) time.textContent = text
  }
}

tell()
setInterval(tell, EVERY)
