// The gaps of a list: what is left out of it until it is asked for. A card that its reader has put there is shown.

import { all, find } from "../page/dom.js"
import { isInGap, splitGap } from "./ranks.js"

/** @typedef {{rank: string, previous?: string, next?: string}} Shown a rank, and those on both sides where they are known */

/** @param {HTMLElement} list */
export const gapsOf = (list) => all(list, ":scope > .column__more")

/** @param {HTMLElement} element */
export const isGap = (element) => element.matches(".column__more")

/**
 * Make the gaps of `list` leave out `shown` no more.
 * @param {HTMLElement} list
 * @param {Shown} shown
 */
export function openGap(list, shown) {
  for (const gap of gapsOf(list)) {
    const { after = "", before = "" } = gap.dataset
    if (!isInGap(shown.rank, { after, before }) && shown.rank !== after && shown.rank !== before) continue
    const left = splitGap({ after, before }, shown)
    if (left.length !== 1 || left[0].after !== after || left[0].before !== before) {
      gap.replaceWith(...left.map((each) => gapLike(gap, each)))
    }
  }
}

/**
 * @param {HTMLElement} gap
 * @param {{after: string, before: string}} left
 */
function gapLike(gap, { after, before }) {
  const fresh = /** @type {HTMLElement} */ (gap.cloneNode(true))
  /** @type {HTMLAnchorElement | null} */
  const link = find(fresh, "a")
  const url = new URL(link?.href ?? "", location.href)
  url.search = String(new URLSearchParams({ after, ...(before && { before }) }))
  if (link) link.href = url.href
  fresh.dataset.after = after
  if (before) fresh.dataset.before = before
  else delete fresh.dataset.before
  return fresh
}
