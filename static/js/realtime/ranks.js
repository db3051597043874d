// Where a rank sorts in a list that shows some of its elements. Ranks sort in byte order.

/**
 * What a list shows in one place: an element of `rank`, or a gap behind the rank `after`, which ends at `before` or
 * with the list. What has neither takes no part.
 * @typedef {{rank?: string, after?: string, before?: string}} Entry
 */

/**
 * Whether `rank` is among what the gap leaves out.
 * @param {string} rank
 * @param {Entry} gap
 */
export const isInGap = (rank, { after, before }) => after !== undefined && after < rank && (!before || rank < before)

/**
 * The index among `entries` that an element of `rank` goes before; null when it is not shown: in a gap, and outside
 * of what a list says it shows, `from` to `to`.
 * @param {string} rank
 * @param {{entries: Entry[], from?: string, to?: string}} list
 */
export function placeOfRank(rank, { entries, from, to }) {
  if ((from !== undefined && rank < from) || (to !== undefined && rank > to)) return null
  if (entries.some((entry) => isInGap(rank, entry))) return null
  const next = entries.findIndex(({ rank: other, after }) =>
    after === undefined ? other !== undefined && other > rank : after >= rank,
  )
  return next < 0 ? entries.length : next
}

/**
 * What is left of a gap, as at most two gaps, when the element of `rank` in it or at one of its ends is shown; `previous`
 * and `next` are the ranks on both sides of it, "" at an end, and undefined when they are not known.
 * @param {{after: string, before: string}} gap
 * @param {{rank: string, previous?: string, next?: string}} shown
 */
export function splitGap({ after, before }, { rank, previous, next }) {
  const isMoreAbove = after < rank && (previous === undefined || previous > after)
  const isMoreBelow = rank !== before && (next === undefined || (next !== "" && (!before || next < before)))
  return [...(isMoreAbove ? [{ after, before: rank }] : []), ...(isMoreBelow ? [{ after: rank, before }] : [])]
}
