// What became of a change, by the answer to it.

/** @import { Answer } from "../page/requests.js" */

/**
 * `done_parent` is the key of a parent that is done, of which an open subtask would be made.
 * @typedef {{
 *   code: string, message: string, version?: string, current?: Record<string, string>, done_parent?: string
 * }} Refusal
 */
/** @typedef {{offline: string, unanswered: string}} Words */

/** Nobody knows whether the change was made. @param {Words} words @returns {Refusal} */
export const unanswered = (words) => ({ code: "unanswered", message: words.unanswered })

/** Whether the change or its answer was lost on the way; if not, the board refused it. @param {Refusal} refusal */
export const isLost = ({ code }) => code === "unreached" || code === "unanswered"

/**
 * Why the change was not made, or may not have been; null when it was.
 * @param {Answer} answer
 * @param {Words} words
 * @returns {Refusal | null}
 */
export function refusalOf(answer, words) {
  if (answer.lost === "unanswered") return unanswered(words)
  if (!answer.isJson || answer.isRedirected) return { code: "unreached", message: words.offline }
  return answer.isOk ? null : answer.body
}
