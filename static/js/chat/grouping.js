// Days, the line above what is new, and no header twice for one who goes on talking.

const FOLDED_WITHIN = 5 * 60_000

/**
 * @typedef {{key: number, author: string, at: Date}} Said
 * @typedef {{day: string, isNewDay: boolean, isFirstNew: boolean, isFolded: boolean}} Heading
 */

/**
 * What stands above each of `messages`, in their order.
 * @param {Said[]} messages
 * @param {{me: string, line: number, dayOf: (at: Date) => string}} reader `line` is the last message that they had seen
 * @returns {Heading[]}
 */
export function headingsOf(messages, { me, line, dayOf }) {
  let isNew = false
  return messages.map((message, index) => {
    const before = messages[index - 1]
    const day = dayOf(message.at)
    const isNewDay = !before || day !== dayOf(before.at)
    const isFirstNew = !isNew && message.key > line && message.author !== me
    isNew ||= isFirstNew
    return { day, isNewDay, isFirstNew, isFolded: !isNewDay && !isFirstNew && goesOn(before, message) }
  })
}

/**
 * Those who have left are nobody in particular, and what the board itself posts is nobody's: neither goes on from another.
 * @param {Said} before
 * @param {Said} message
 */
function goesOn(before, message) {
  return !!message.author && before.author === message.author && +message.at - +before.at < FOLDED_WITHIN
}
