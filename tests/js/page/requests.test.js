import assert from "node:assert/strict"
import { afterEach, test } from "node:test"
import { Queue } from "../../../static/js/page/queue.js"
import { fragment, json, request } from "../../../static/js/page/requests.js"
import { answerOf, cutOff, neverAnswers, neverEnds } from "../fakes.js"

const fetched = globalThis.fetch
afterEach(() => {
  globalThis.fetch = fetched
})

/** @param {(url: string, options?: RequestInit) => Response | Promise<Response>} answer */
function answering(answer) {
  globalThis.fetch = async (url, options) => answer(String(url), options)
}

test("request: JSON is read", async () => {
  answering(() => answerOf({ seq: 7 }))
  const answer = await request("/updates/")
  assert.deepEqual(answer, { status: 200, isOk: true, isRedirected: false, isJson: true, body: { seq: 7 }, lost: "" })
})

test("request: a refusal comes with its status and its words", async () => {
  answering(() => answerOf({ code: "conflict" }, 409))
  const { status, isOk, body, lost } = await request("/move/")
  assert.deepEqual([status, isOk, body.code, lost], [409, false, "conflict", ""])
})

test("request: 200 with half a JSON is unanswered", async () => {
  answering(cutOff)
  const { lost, isOk } = await request("/move/")
  assert.deepEqual([lost, isOk], ["unanswered", false])
})

test("request: an answer that never comes is unanswered", async () => {
  answering((_, options) => neverAnswers(options))
  assert.equal((await request("/move/", {}, 5)).lost, "unanswered")
})

test("request: an answer whose rest never comes is unanswered", async () => {
  answering((_, options) => neverEnds(options))
  assert.equal((await request("/move/", {}, 5)).lost, "unanswered")
})

test("request: a line that is down is unreached", async () => {
  answering(() => Promise.reject(new TypeError("Failed to fetch")))
  assert.equal((await request("/move/")).lost, "unreached")
})

test("request: what is asked for reaches the server", async () => {
  /** @type {RequestInit | undefined} */
  let sent
  answering((_, options) => {
    sent = options
    return answerOf({})
  })
  await request("/move/", { method: "POST", body: "to=3" })
  assert.deepEqual([sent?.method, sent?.body], ["POST", "to=3"])
})

test("request: a queue sends what comes after each kind of trouble", async () => {
  const answers = [cutOff, neverAnswers, neverEnds, () => Promise.reject(new TypeError("down")), () => answerOf({})]
  answering((_, options) => answers.shift()?.(options) ?? answerOf({}))
  const queue = new Queue()
  /** @type {string[]} */
  const ends = []
  for (let move = 0; move < 5; move += 1) {
    queue.add(async () => ends.push((await request("/move/", {}, 5)).lost))
  }
  await queue.add(() => {})
  assert.deepEqual(ends, ["unanswered", "unanswered", "unanswered", "unreached", ""])
})

test("fragment: HTML of a part is read", async () => {
  answering((_, options) => {
    assert.equal(new Headers(options?.headers).get("X-Fragment"), "drawer")
    return new Response("<aside></aside>", { headers: { "Content-Type": "text/html" } })
  })
  assert.equal(await fragment("/tasks/1/", "drawer"), "<aside></aside>")
})

test("fragment: trouble is null", async () => {
  for (const status of [404, 500]) {
    answering(() => new Response("<html></html>", { status }))
    assert.equal(await fragment("/tasks/1/", "drawer"), null)
  }
})

test("json: what is no JSON, or half of it, is null", async () => {
  answering(() => new Response("<html></html>"))
  assert.equal(await json("/unread/"), null)
  answering(cutOff)
  assert.equal(await json("/unread/"), null)
})
