import assert from "node:assert/strict"
import { test } from "node:test"
import { isLost, refusalOf } from "../../../static/js/realtime/refusals.js"

const words = { offline: "offline", unanswered: "unanswered" }
/** @type {import("../../../static/js/page/requests.js").Answer} */
const frame = { status: 200, isOk: true, isRedirected: false, isJson: true, body: { seq: 1, ops: [] }, lost: "" }

test("refusals: a frame is none", () => {
  assert.equal(refusalOf(frame, words), null)
})

test("refusals: the server's own words are shown", () => {
  const body = { code: "conflict", message: "Ben was faster." }
  const refusal = refusalOf({ ...frame, status: 409, isOk: false, body }, words)
  assert.deepEqual(refusal, body)
  assert.ok(refusal && !isLost(refusal))
})

test("refusals: after a lost answer nobody knows", () => {
  const refusal = refusalOf({ ...frame, isOk: false, isJson: false, body: null, lost: "unanswered" }, words)
  assert.deepEqual(refusal, { code: "unanswered", message: "unanswered" })
  assert.ok(refusal && isLost(refusal))
})

test("refusals: a proxy's page, a way to the sign-in page and no line did not reach the board", () => {
  const noJson = { ...frame, status: 502, isOk: false, isJson: false, body: "<html></html>" }
  const elsewhere = { ...frame, isOk: false, isRedirected: true }
  const noLine = {
    ...frame,
    status: 0,
    isOk: false,
    isJson: false,
    body: null,
    lost: /** @type {const} */ ("unreached"),
  }
  for (const answer of [noJson, elsewhere, noLine]) assert.equal(refusalOf(answer, words)?.code, "unreached")
})
