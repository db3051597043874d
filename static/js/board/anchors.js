// Where a card goes is said by its neighbours there, by key: `after` one and `before` the other, "" at an end.

/** A gap, in which cards are left out, is "" among the keys. @typedef {{after: string, before: string}} Anchors */

/**
 * The neighbours of `id` among `ids`.
 * @param {string[]} ids
 * @param {string} id
 * @returns {Anchors}
 */
export function anchorsOf(ids, id) {
  const at = ids.indexOf(id)
  return { after: ids[at - 1] ?? "", before: ids[at + 1] ?? "" }
}

/**
 * Whether `id` stands among `ids` where the anchors say: one of them is enough, the other may have left.
 * @param {string[]} ids
 * @param {string} id
 * @param {Anchors} wanted
 */
export function standsAt(ids, id, wanted) {
  if (!ids.includes(id)) return false
  const now = anchorsOf(ids, id)
  return now.after === wanted.after || now.before === wanted.before
}

/**
 * The index in `ids`, in which the card is not, that the anchors mean; the end when both have left.
 * @param {string[]} ids
 * @param {Anchors} wanted
 */
export function indexAt(ids, { after, before }) {
  if (after && ids.includes(after)) return ids.indexOf(after) + 1
  if (before && ids.includes(before)) return ids.indexOf(before)
  return ids.length
}

/**
 * The place of `id` among `count` cards, from 1; null when the gaps on both sides of it do not let that be known.
 * @param {string[]} ids
 * @param {string} id
 * @param {number} count
 */
export function placeAmong(ids, id, count) {
  const at = ids.indexOf(id)
  if (!ids.slice(0, at).includes("")) return at + 1
  const below = ids.slice(at + 1)
  return below.includes("") ? null : count - below.length
}

/**
 * The index one step up or down from `at` among `count` cards, null when there is none.
 * @param {string} key
 * @param {number} at
 * @param {number} count
 */
export function stepFrom(key, at, count) {
  const next = at + ({ ArrowDown: 1, j: 1, ArrowUp: -1, k: -1 }[key] ?? 0)
  return next !== at && next >= 0 && next < count ? next : null
}

/** -1 for the column to the left, 1 for the one to the right, null for another key. @param {string} key */
export const columnStep = (key) => ({ ArrowLeft: -1, h: -1, ArrowRight: 1, l: 1 })[key] ?? null
