// From an answer back to what it answers, from what was asked to its answer, from a pin: links to messages of this
// room bring them into sight without leaving it.

import { closest } from "../page/dom.js"
import { jumpTo } from "./history.js"
import { openRoom } from "./room_elements.js"

document.addEventListener("click", (event) => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest(event, ".message a[href], .pin__link")
  const room = openRoom()
  if (!room || !link || event.ctrlKey || event.metaKey || event.shiftKey) return
  const { pathname, searchParams } = new URL(link.href)
  if (pathname !== room.dataset.url || !searchParams.has("around")) return
  event.preventDefault()
  link.closest(".chat__pins")?.removeAttribute("open")
  jumpTo(room, Number(searchParams.get("around")))
})
