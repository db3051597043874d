// What was begun in the composer, and which names go with it.

// Scripts without upper and lower case, whose letters stand right beside others: apps/words.py has the same.
const UNCASED =
  "\\u0590-\\u05ff\\u0600-\\u08ff\\u0900-\\u109f\\u1100-\\u139f\\u1780-\\u18af\\u1950-\\u19ff\\u1a20-\\u1aaf\\u2e80-\\ua4cf" +
  "\\ua960-\\ua97f\\uaa60-\\uaa7f\\uac00-\\ud7ff\\uf900-\\ufaff\\ufb1d-\\ufdff\\ufe70-\\ufefe\\uff66-\\uffdc\\u{20000}-\\u{3ffff}"
// What is inserted always mentions, so nothing is offered where the server reads no mention: within a word or an
// address, behind a backslash, in a quotation, in code.
const BEGUN = new RegExp(`(?<!(?![${UNCASED}])[\\p{L}\\p{N}_]|[@/.\\\\])([@#])(?!@)([\\p{L}\\p{M}\\p{N}._@+-]*)$`, "u")
const ADDRESS = /(?::\/\/|\bwww\.|[\p{L}\p{N}_]\.[\p{L}\p{N}_]+\/)[!-~]*$/u
const QUOTATION = /(?:^|\n) {0,3}(?:(?:[-*+]|\d{1,9}[.)]) +)*>[^\n]*$/
const INDENTED_CODE = /(?:^|\n[ \t]*\n)(?: {4}|\t)[^\n]*$/
const FENCE = /^ {0,3}(?:```|~~~)/gm
const HAS_UNCASED = new RegExp(`[${UNCASED}]`, "u")
const COMMAND = /^(\/)(\p{L}*)$/u

/** @typedef {"@" | "#" | "/"} Sign */
/** @typedef {{text: string, label: string}} Suggestion */

/**
 * The sign and what was typed behind it up to the caret, null when nothing is to be offered.
 * @param {string} before the text up to the caret
 */
export function begunWord(before) {
  const found = BEGUN.exec(before) ?? COMMAND.exec(before)
  if (!found || (found[1] !== "/" && isNotRead(before.slice(0, found.index)))) return null
  return { sign: /** @type {Sign} */ (found[1]), typed: found[2], from: before.length - found[2].length - 1 }
}

/** Whether what follows is code, quoted or part of an address. @param {string} before */
function isNotRead(before) {
  const paragraph = before.slice(before.lastIndexOf("\n\n") + 1)
  return (
    ADDRESS.test(before) ||
    QUOTATION.test(before) ||
    INDENTED_CODE.test(before) ||
    (before.match(FENCE)?.length ?? 0) % 2 === 1 ||
    (paragraph.match(/`+/g)?.length ?? 0) % 2 === 1
  )
}

/** A text as it is compared: whatever its case, ё as е. @param {string} text */
export const fold = (text) => text.normalize("NFKC").toLocaleLowerCase().replaceAll("ё", "е")

/**
 * Whether the name, or a part of it, starts with what was typed.
 * @param {string} name
 * @param {string} typed
 */
export function matchesName(name, typed) {
  const [whole, start] = [fold(name), fold(typed)]
  if (whole.startsWith(start) || whole.split(/[\s._@+-]+/).some((part) => part.startsWith(start))) return true
  return HAS_UNCASED.test(start) && whole.includes(start)
}

/** People and agents whose handle or name matches. @param {Suggestion[]} people @param {string} typed */
export const matchingPeople = (people, typed) =>
  people.filter(({ text, label }) => matchesName(text.slice(1), typed) || matchesName(label, typed))

/** @param {Suggestion[]} commands @param {string} typed */
export const matchingCommands = (commands, typed) => commands.filter(({ text }) => text.startsWith(`/${typed}`))

/** Whether the only suggestion stands there already. @param {Suggestion[]} found @param {string} word */
export const isComplete = (found, word) => found.length === 1 && fold(found[0].text) === fold(word)
