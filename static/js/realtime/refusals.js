// What became of a change, by the answer to it.

/** @import { Answer } from "../page/requests.js" */

/**
 * `done_parent` is the key of a parent that is done, of which an open subtask would be made.
 * @typedef {{
 *   code: string, message: string, version?: string, current?: Record<string, string>, done_parent?: string
 * }} Refusal
 */

/**
 * The sentences: of each kind below, and of what got no whole answer from the board.
 * @typedef {Record<
 *   | "offline" | "unanswered" | "gone" | "not_allowed" | "changed_first" | "too_large" | "too_often" | "too_slow"
 *   | "session_ended" | "not_taken" | "failed" | "unavailable" | "no_room", string>} Words
 */

/** @type {Record<number, keyof Words>} */
const KINDS = {
  401: "session_ended",
  403: "not_allowed",
  404: "gone",
  408: "too_slow",
  409: "changed_first",
  410: "gone",
  412: "changed_first",
  413: "too_large",
  414: "too_large",
  429: "too_often",
  431: "too_large",
  502: "unavailable",
  503: "unavailable",
  504: "unavailable",
  507: "no_room",
}
const LOST = ["unreached", "unanswered", "too_slow", "failed", "unavailable"]

/** Nobody knows whether the change was made. @param {Pick<Words, "unanswered">} words @returns {Refusal} */
export const unanswered = (words) => ({ code: "unanswered", message: words.unanswered })

/** Whether the change or its answer was lost on the way; if not, the board refused it. @param {Refusal} refusal */
export const isLost = ({ code }) => LOST.includes(code)

/** Whether there was an answer that says what is wrong. @param {Refusal} refusal */
export const hasAnswered = ({ code }) => code !== "unreached" && code !== "unanswered"

/**
 * Why the change was not made, or may not have been; null when it was.
 * @param {Answer} answer
 * @param {Words} words
 * @returns {Refusal | null}
 */
export function refusalOf(answer, words) {
  const { status, body, isJson, isOk, isRedirected, lost } = answer
  if (lost === "unanswered") return unanswered(words)
  if (isRedirected || status < 400) return isJson && isOk ? null : { code: "unreached", message: words.offline }
  const code = kindOf(status)
  const said = isJson && typeof body?.message === "string" ? body : { message: sentenceOf(status, words) }
  return status < 500 ? { code, ...said } : { ...said, code }
}

/** @param {number} status @returns {keyof Words} */
const kindOf = (status) => KINDS[status] ?? (status < 500 ? "not_taken" : "failed")

/**
 * What is said of an answer with this status that does not say it itself.
 * @param {number} status
 * @param {Words} words
 */
export const sentenceOf = (status, words) =>
  status < 400 ? words.unanswered : words[kindOf(status)].replace("{status}", String(status))
