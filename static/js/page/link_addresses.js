// What a link says on paper.

/**
 * What is to stand behind a link on paper; "" where its text says it already, or it leads within the board.
 * @param {string} text
 * @param {string} href
 * @param {string} origin the board's own
 */
export function addressBeside(text, href, origin) {
  if (!/^https?:/.test(href) || href.startsWith(`${origin}/`)) return ""
  const bare = (/** @type {string} */ address) => address.replace(/^https?:\/\//, "").replace(/\/$/, "")
  return bare(text.trim()) === bare(href) ? "" : href
}
