// The title and the icon in the browser's tab say how much is unread.

import { one } from "./dom.js"

let unread = 0
let title = document.title

/** The page is called `name` now. @param {string} name */
export function entitle(name) {
  title = name
  document.title = unread ? `(${unread}) ${title}` : title
}

/** @param {number} count */
export function showUnread(count) {
  unread = count
  entitle(title)
  const icon = one(document, "link[rel=icon]")
  icon.dataset.plain ??= icon.getAttribute("href") ?? ""
  icon.setAttribute("href", (count ? icon.dataset.unread : icon.dataset.plain) ?? "")
}
