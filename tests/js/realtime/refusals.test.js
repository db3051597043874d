import assert from "node:assert/strict"
import { test } from "node:test"
import { hasAnswered, isLost, refusalOf, sentenceOf } from "../../../static/js/realtime/refusals.js"

/** @type {import("../../../static/js/realtime/refusals.js").Words} */
const words = {
  offline: "offline",
  unanswered: "unanswered",
  gone: "gone",
  not_allowed: "not_allowed",
  changed_first: "changed_first",
  too_large: "too_large",
  too_often: "too_often",
  too_slow: "too_slow",
  session_ended: "session_ended",
  not_taken: "not_taken {status}",
  failed: "failed",
  unavailable: "unavailable",
  no_room: "no_room",
}
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

/** @param {number} status @param {any} [body] */
const page = (status, body = "<html></html>") => ({
  ...frame,
  status,
  isOk: false,
  isJson: typeof body !== "string",
  body,
})

const REFUSED = {
  gone: [404, 410],
  not_allowed: [403],
  changed_first: [409, 412],
  too_large: [413, 414, 431],
  too_often: [429],
  session_ended: [401],
  no_room: [507],
}

test("refusals: each status has its sentence, and is not lost", () => {
  for (const [kind, statuses] of Object.entries(REFUSED)) {
    for (const status of statuses) {
      for (const body of ["<html></html>", "", null, [null], { detail: "no" }]) {
        const refusal = refusalOf(page(status, body), words)
        assert.deepEqual(refusal, { code: kind, message: kind }, `${status}`)
        assert.ok(refusal && !isLost(refusal))
      }
    }
  }
})

test("refusals: a status that has no sentence is named", () => {
  for (const status of [400, 405, 415, 418, 451]) {
    assert.deepEqual(refusalOf(page(status), words), { code: "not_taken", message: `not_taken ${status}` })
  }
})

test("refusals: after an error of the server or of what is before it nobody knows", () => {
  for (const [status, kind] of /** @type {const} */ ([
    [408, "too_slow"],
    [500, "failed"],
    [599, "failed"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "unavailable"],
  ])) {
    const refusal = refusalOf(page(status), words)
    assert.deepEqual(refusal, { code: kind, message: kind })
    assert.ok(refusal && isLost(refusal) && hasAnswered(refusal))
  }
  const said = refusalOf(page(503, { code: "busy", message: "Very busy." }), words)
  assert.deepEqual(said, { code: "unavailable", message: "Very busy." })
})

test("refusals: a file's answer that was cut off is none", () => {
  assert.equal(sentenceOf(201, words), "unanswered")
  assert.equal(sentenceOf(413, words), "too_large")
})

test("refusals: another's page, a way to the sign-in page and no line did not reach the board", () => {
  const noJson = { ...frame, isJson: false, body: "<html></html>" }
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
