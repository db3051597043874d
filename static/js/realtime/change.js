// Changes are posted with where this page is; the answer is the frame that brings the page up to them.

/** @import { Queue } from "../page/queue.js" */
/** @import { Refusal } from "./refusals.js" */
import { request } from "../page/requests.js"
import { boardWords as words } from "../page/words.js"
import { clientId } from "./client.js"
import { query } from "./connection.js"
import { applied } from "./live.js"
import { refusalOf, unanswered } from "./refusals.js"
import { signedOut } from "./session.js"

/** @typedef {Record<string, string | number> | [string, FormDataEntryValue][]} Fields */

/**
 * Post a change, and apply its answer; a refusal when it was not made, or may not have been.
 * @param {string} url
 * @param {Fields} fields
 * @returns {Promise<Refusal | null>}
 */
export async function change(url, fields) {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields)
  const body = new URLSearchParams({ client: clientId, ...query() })
  for (const [name, value] of pairs) body.append(name, String(value))
  const headers = { Accept: "application/json", "X-CSRFToken": document.body.dataset.csrf ?? "" }
  const answer = await request(url, { method: "POST", headers, body })
  if (answer.status === 401) signedOut()
  const refusal = refusalOf(answer, words)
  return refusal || applied(answer.body) ? refusal : unanswered(words)
}

/**
 * The same when its turn in `queue` has come. However it ends, what was added after it is sent.
 * @param {Queue} queue
 * @param {() => Promise<Refusal | null>} send
 * @returns {Promise<Refusal | null>}
 */
export async function changeInTurn(queue, send) {
  /** @type {Refusal | null} */
  let refusal = unanswered(words)
  await queue.add(async () => {
    refusal = await send()
  })
  return refusal
}
