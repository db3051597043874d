// The next cards of a column come when its end is near; those of a gap within it when they are asked for.

import { all, closest, find, isPlainClick } from "../page/dom.js"
import { listen } from "../page/events.js"
import { fragment } from "../page/requests.js"
import { localTimes } from "../page/times.js"
import { retryToast } from "../page/toasts.js"
import { boardWords } from "../page/words.js"
import { drawLeftOut, opLeftOut } from "../realtime/elements.js"
import { board, listAround } from "./cards.js"

const nearEnd = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue
      nearEnd.unobserve(target)
      showMore(/** @type {HTMLAnchorElement} */ (target))
    }
  },
  { rootMargin: "400px" },
)

/** @type {WeakSet<Element>} */
const asked = new WeakSet() // links whose cards are under way, or could not be loaded

export function watchMore() {
  for (const link of all(board, ".column__more:not([data-before]) a")) if (!asked.has(link)) nearEnd.observe(link)
}

listen("realtime:applied", watchMore) // a gap that was split has new links

board.addEventListener("click", async (event) => {
  /** @type {HTMLAnchorElement | null} */
  const link = closest(event, ".column__more a")
  const gap = link?.parentElement
  if (!link || !gap || !isPlainClick(event)) return
  event.preventDefault()
  const above = gap.previousElementSibling
  await showMore(link)
  if (!gap.isConnected) find(/** @type {HTMLElement} */ (above?.nextElementSibling ?? board), ".card__link")?.focus()
})

/** @param {HTMLAnchorElement} link @returns {Promise<void>} */
async function showMore(link) {
  asked.add(link)
  const html = await fragment(link.href, "1")
  /** @type {HTMLElement | null} */
  const more = link.closest(".column__more")
  if (!more?.isConnected) return
  if (html === null) return retryToast(link.href, boardWords.not_loaded, () => showMore(link))
  const template = document.createElement("template")
  template.innerHTML = html
  for (const item of all(template.content, "[id]")) {
    if (item.parentNode !== template.content) continue
    if (document.getElementById(item.id) || opLeftOut(item.id)) item.remove() // frames know better where it is
  }
  localTimes(template.content)
  const list = listAround(more)
  more.replaceWith(template.content)
  drawLeftOut(list)
  watchMore()
}
