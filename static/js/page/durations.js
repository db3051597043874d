// Durations as the reader writes them.

const MINUTE = 60
const HOUR = 3600

/** Seconds to two minutes, then minutes, then hours: "40 s", "5 min", "2 hr". @param {string} language */
export function elapsedIn(language) {
  /** @param {string} unit @param {"short" | "narrow"} unitDisplay */
  const inUnit = (unit, unitDisplay) => new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay })
  const [seconds, minutes, hours] = [inUnit("second", "narrow"), inUnit("minute", "short"), inUnit("hour", "short")]

  /** @param {number} milliseconds a clock that goes wrong counts from nothing */
  return function elapsed(milliseconds) {
    const passed = Math.max(0, Math.floor(milliseconds / 1000))
    if (passed < 2 * MINUTE) return seconds.format(passed).replace(/(\d)(\p{L})/u, "$1\u00a0$2")
    if (passed < 2 * HOUR) return minutes.format(Math.floor(passed / MINUTE))
    return hours.format(Math.floor(passed / HOUR))
  }
}
