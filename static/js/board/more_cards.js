// The next cards of a column come when its end is near.

import { all } from "../page/dom.js"
import { fragment } from "../page/requests.js"
import { localTimes } from "../page/times.js"
import { retryToast } from "../page/toasts.js"
import { boardWords } from "../page/words.js"
import { board } from "./cards.js"

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

export function watchMore() {
  for (const link of all(board, ".column__more a")) nearEnd.observe(link)
}

/** @param {HTMLAnchorElement} link @returns {Promise<void>} */
async function showMore(link) {
  const html = await fragment(link.href, "1")
  const more = link.closest(".column__more")
  if (!more?.isConnected) return
  if (html === null) return retryToast(link.href, boardWords.not_loaded, () => showMore(link))
  const template = document.createElement("template")
  template.innerHTML = html
  for (const item of all(template.content, "[id]")) {
    if (item.parentNode === template.content && document.getElementById(item.id)) item.remove()
  }
  localTimes(template.content)
  more.replaceWith(template.content)
  watchMore()
}
