// Requests that always end: an answer that is cut off, never comes or can't be read is `lost`, never an error.

export const PATIENCE = 20_000 // milliseconds until an answer counts as lost

/**
 * `lost` is "unreached" when the request did not get through, "unanswered" when nobody knows whether it
 * did: no whole answer came in time. `isOk` is false for an answer that was redirected, to the sign-in page.
 * @typedef {{status: number, isOk: boolean, isRedirected: boolean, isJson: boolean, body: any, lost: "" | "unreached" | "unanswered"}} Answer
 */

/**
 * @param {string | URL} url
 * @param {RequestInit} [options]
 * @param {number} [patience]
 * @returns {Promise<Answer>}
 */
export async function request(url, options = {}, patience = PATIENCE) {
  const gate = new AbortController()
  const timer = setTimeout(() => gate.abort(), patience)
  /** @type {Response | null} */
  let answer = null
  try {
    answer = await fetch(url, { ...options, signal: gate.signal })
    const isRedirected = answer.redirected
    const isJson = !!answer.headers.get("Content-Type")?.includes("json")
    const body = isJson ? await answer.json() : await answer.text()
    return { status: answer.status, isOk: answer.ok && !isRedirected, isRedirected, isJson, body, lost: "" }
  } catch {
    const lost = answer || gate.signal.aborted ? "unanswered" : "unreached"
    return { status: 0, isOk: false, isRedirected: false, isJson: false, body: null, lost }
  } finally {
    clearTimeout(timer)
  }
}

/**
 * The HTML of a part of a page, or null.
 * @param {string | URL} url
 * @param {string} part which part, for the header X-Fragment
 * @returns {Promise<string | null>}
 */
export async function fragment(url, part) {
  const answer = await request(url, { headers: { "X-Fragment": part } })
  return answer.isOk && !answer.isJson ? answer.body : null
}

/**
 * The JSON at `url`, or null.
 * @param {string | URL} url
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
export async function json(url, options = {}) {
  const answer = await request(url, { ...options, headers: { Accept: "application/json", ...options.headers } })
  return answer.isOk && answer.isJson ? answer.body : null
}
