// What every page does: menus close by themselves, toasts go, times read in the reader's own clock.

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

export function localTimes(root) {
  const language = document.documentElement.lang
  const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone: zone })
  const calendar = new Intl.DateTimeFormat(language, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit", timeZone: zone })
  const day = new Intl.DateTimeFormat("en", { dateStyle: "short", timeZone: zone })
  const today = day.format()
  for (const time of root.querySelectorAll("time[datetime]:not([data-local])")) {
    const at = new Date(time.dateTime)
    time.textContent = (day.format(at) === today ? clock : calendar).format(at)
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
