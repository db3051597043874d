// What was begun in the composer, and which names go with it.

const BEGUN = /(?:^|\s)([@#])([\p{L}\p{N}._-]*)$/u
const COMMAND = /^(\/)(\p{L}*)$/u

/** @typedef {"@" | "#" | "/"} Sign */
/** @typedef {{text: string, label: string}} Suggestion */

/**
 * The sign and what was typed behind it up to the caret, null when nothing is to be offered.
 * @param {string} before the text up to the caret
 */
export function begunWord(before) {
  const found = BEGUN.exec(before) ?? COMMAND.exec(before)
  if (!found) return null
  return { sign: /** @type {Sign} */ (found[1]), typed: found[2], from: before.length - found[2].length - 1 }
}

/**
 * Whether the name, or a part of it, starts with what was typed.
 * @param {string} name
 * @param {string} typed
 */
export function matchesName(name, typed) {
  const [whole, start] = [name.toLocaleLowerCase(), typed.toLocaleLowerCase()]
  return whole.startsWith(start) || whole.split(/[\s._-]+/).some((part) => part.startsWith(start))
}

/** People and agents whose handle or name matches. @param {Suggestion[]} people @param {string} typed */
export const matchingPeople = (people, typed) =>
  people.filter(({ text, label }) => matchesName(text.slice(1), typed) || matchesName(label, typed))

/** @param {Suggestion[]} commands @param {string} typed */
export const matchingCommands = (commands, typed) => commands.filter(({ text }) => text.startsWith(`/${typed}`))

/** Whether the only suggestion stands there already. @param {Suggestion[]} found @param {string} word */
export const isComplete = (found, word) => found.length === 1 && found[0].text.toLowerCase() === word.toLowerCase()
