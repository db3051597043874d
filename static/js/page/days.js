// Days as the reader counts them.

import { now } from "./clock.js"

/**
 * @param {string} language
 * @param {string} [zone] the browser's own when there is none
 */
export function daysIn(language, zone) {
  const number = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", timeZone: zone })
  const far = new Intl.DateTimeFormat(language, { weekday: "long", day: "numeric", month: "long", timeZone: zone })
  const old = new Intl.DateTimeFormat(language, { dateStyle: "long", timeZone: zone })
  const near = new Intl.RelativeTimeFormat(language, { numeric: "auto" })

  /** Which day it is for the reader: "2026-11-23". @param {Date} at */
  const dayOf = (at) => number.format(at)

  /** Today, Yesterday, else the date; without the year while it goes without saying. @param {Date} at */
  function dayName(at, today = new Date(now())) {
    const days = Math.round((Date.parse(dayOf(today)) - Date.parse(dayOf(at))) / 86_400_000)
    const name = days <= 1 ? near.format(-days, "day") : (days < 300 ? far : old).format(at)
    return name[0].toLocaleUpperCase(language) + name.slice(1)
  }

  return { dayOf, dayName }
}
