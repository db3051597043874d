import assert from "node:assert/strict"
import { test } from "node:test"
import { headingsOf } from "../../../static/js/chat/grouping.js"

const reader = { me: "1", line: 99, dayOf: (/** @type {Date} */ at) => at.toISOString().slice(0, 10) }
/** @param {number} key @param {string} author @param {string} at */
const said = (key, author, at) => ({ key, author, at: new Date(`2026-03-${at}:00Z`) })

test("grouping: each day begins with its name", () => {
  const headings = headingsOf([said(1, "2", "08T10:00"), said(2, "2", "08T11:00"), said(3, "2", "09T00:01")], reader)
  assert.deepEqual(
    headings.map((each) => each.isNewDay),
    [true, false, true],
  )
  assert.equal(headings[2].day, "2026-03-09")
})

test("grouping: one who goes on within five minutes has no second header", () => {
  const messages = [
    said(1, "2", "08T10:00"),
    said(2, "2", "08T10:04"),
    said(3, "2", "08T10:09"),
    said(4, "3", "08T10:10"),
  ]
  assert.deepEqual(
    headingsOf(messages, reader).map((each) => each.isFolded),
    [false, true, false, false],
  )
})

test("grouping: midnight and the line above what is new unfold", () => {
  const messages = [said(1, "2", "08T23:59"), said(2, "2", "09T00:00"), said(3, "2", "09T00:01")]
  const headings = headingsOf(messages, { ...reader, line: 2 })
  assert.deepEqual(
    headings.map((each) => each.isFolded),
    [false, false, false],
  )
})

test("grouping: what is new begins once, and not with the reader's own", () => {
  const messages = [
    said(1, "2", "08T10:00"),
    said(2, "1", "08T10:01"),
    said(3, "2", "08T10:02"),
    said(4, "2", "08T10:03"),
  ]
  assert.deepEqual(
    headingsOf(messages, { ...reader, line: 1 }).map((each) => each.isFirstNew),
    [false, false, true, false],
  )
})

test("grouping: those who have left are not taken for each other", () => {
  assert.ok(!headingsOf([said(1, "", "08T10:00"), said(2, "", "08T10:01")], reader)[1].isFolded)
})

test("grouping: an empty room has none", () => {
  assert.deepEqual(headingsOf([], reader), [])
})
