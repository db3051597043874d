/**
 * The index among `ranks` that an element of `rank` goes before; null when it is not shown. Ranks sort in byte
 * order. Nothing is shown behind the last one of a part-loaded list, and outside of what a list says it
 * shows, `from` to `to`.
 * @param {string} rank
 * @param {{ranks: (string | undefined)[], from?: string, to?: string, isPartLoaded?: boolean}} list
 */
export function placeOfRank(rank, { ranks, from, to, isPartLoaded = false }) {
  if ((from !== undefined && rank < from) || (to !== undefined && rank > to)) return null
  const next = ranks.findIndex((other) => other !== undefined && other > rank)
  if (next >= 0) return next
  return isPartLoaded ? null : ranks.length
}
