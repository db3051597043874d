// What a paste or a drop brings: words, files or both. A spreadsheet, a word processor or a page puts a picture of the
// words beside them; then the words are what is meant.

/** @typedef {Pick<DataTransfer, "getData"> & {files: Iterable<{name: string}>}} Transfer */

/**
 * The words in `transfer`; none when there are only files, and what names them.
 * @param {Transfer} transfer
 * @param {(html: string) => string} textOfHtml
 */
export function wordsOf(transfer, textOfHtml) {
  const plain = transfer.getData("text/plain").replace(/\r\n?/g, "\n")
  if (plain.trim()) return namesFiles(plain, transfer) ? "" : plain
  return textOfHtml(transfer.getData("text/html")).trim() || textOfRtf(transfer.getData("text/rtf")).trim()
}

/**
 * Whether each line of `plain` is the name, the path or the address of what is there as a file.
 * @param {string} plain
 * @param {Transfer} transfer
 */
function namesFiles(plain, transfer) {
  const names = new Set([...transfer.files].map((file) => file.name))
  const addresses = new Set(linesOf(transfer.getData("text/uri-list")))
  return linesOf(plain).every((line) => addresses.has(line) || names.has(lastPartOf(line)))
}

/** @param {string} text */
const linesOf = (text) =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter(Boolean)

/** @param {string} path */
function lastPartOf(path) {
  const last = path.split(/[/\\]/).at(-1) ?? ""
  try {
    return path.startsWith("file:") ? decodeURIComponent(last) : last
  } catch {
    return last // not encoded
  }
}

const WINDOWS_1252 = new TextDecoder("windows-1252")
const WITHOUT_WORDS = /\{\\(?:\*|fonttbl|colortbl|stylesheet|info|pict)(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*\}/g
const PARTS =
  /\\u(-?\d+) ?(?:\\'[\da-f]{2}|\?)?|\\'([\da-f]{2})|\\(par|line|row)\b ?|\\(tab|cell)\b ?|\\([\\{}])|\\[a-z]+-?\d* ?|\\.|[{}\r\n]/gi

/** The words of a text in the Rich Text Format, without their looks. @param {string} rtf */
export function textOfRtf(rtf) {
  if (!rtf.startsWith("{\\rtf")) return ""
  return rtf.replace(WITHOUT_WORDS, "").replace(PARTS, (_, code, byte, line, tab, sign) => {
    if (code) return String.fromCharCode(Number(code) & 0xffff)
    if (byte) return WINDOWS_1252.decode(Uint8Array.of(Number.parseInt(byte, 16)))
    return sign ?? (line ? "\n" : tab ? "\t" : "")
  })
}
