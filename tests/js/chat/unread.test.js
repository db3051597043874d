import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { UnreadCounts } from "../../../static/js/chat/unread_counts.js"

const ME = "7"
/** @type {UnreadCounts} */
let counts

const room = (/** @type {object} */ more = {}) => ({
  unread: 0,
  mentions: 0,
  newest_id: 10,
  last_read_id: 10,
  level: "all",
  ...more,
})

beforeEach(() => {
  counts = new UnreadCounts(
    { 1: room(), 2: room({ unread: 3, mentions: 1 }), 3: room({ unread: 9, level: "none" }) },
    ME,
  )
})

/** A message that somebody has posted in room 1. @param {number} key */
const posted = (key, html = '<li data-author="8">Hi</li>', more = {}) => ({
  op: "put",
  id: `message-${key}`,
  parent: "room-1",
  html,
  ...more,
})

test("unread: sums are those of the rooms that the reader follows", () => {
  assert.deepEqual([counts.sum("unread"), counts.sum("mentions")], [3, 1])
  assert.equal(counts.shownFor("2"), "3")
  assert.equal(counts.shownFor("3"), "")
  assert.equal(counts.shownFor("1"), "")
  assert.equal(counts.shownFor(undefined), "")
})

test("unread: a new message by somebody else adds one", () => {
  assert.ok(counts.raise(posted(11)))
  assert.equal(counts.of("1")?.unread, 1)
  assert.equal(counts.raised, 1)
})

test("unread: the same message drawn anew adds nothing", () => {
  counts.raise(posted(11))
  assert.ok(counts.raise(posted(11)))
  assert.equal(counts.of("1")?.unread, 1)
})

test("unread: the reader's own message adds nothing", () => {
  assert.ok(counts.raise(posted(11, `<li data-author="${ME}">Hi</li>`)))
  assert.equal(counts.of("1")?.unread, 0)
  assert.equal(counts.of("1")?.newest_id, 11)
})

test("unread: what the board itself posts counts for nobody", () => {
  assert.ok(counts.raise(posted(11, '<li class="message--system">Paused</li>')))
  assert.equal(counts.of("1")?.unread, 0)
})

test("unread: what was read on another device is not counted again", () => {
  counts = new UnreadCounts({ 1: room({ last_read_id: 20 }) }, ME)
  assert.ok(counts.raise(posted(11)))
  assert.equal(counts.of("1")?.unread, 0)
})

test("unread: a mention counts as one", () => {
  counts.raise(posted(11, `<li data-author="8"><span data-user="${ME}">me</span></li>`))
  assert.equal(counts.of("1")?.mentions, 1)
})

test("unread: an old message that mentions the reader by now has to be asked for", () => {
  assert.ok(!counts.raise(posted(9, `<li data-author="8"><span data-user="${ME}">me</span></li>`)))
})

test("unread: one that is dropped, or of an unknown room, has to be asked for", () => {
  assert.ok(!counts.raise({ op: "drop", id: "message-9" }))
  assert.ok(!counts.raise(posted(11, "<li></li>", { parent: "room-9" })))
})

test("unread: the server's count is taken when nothing new came meanwhile", () => {
  assert.ok(counts.take({ 1: room({ unread: 5 }) }, counts.raised))
  assert.equal(counts.sum("unread"), 5)
})

test("unread: a count asked for before a new message came is too old", () => {
  const raisedThen = counts.raised
  counts.raise(posted(11))
  assert.ok(!counts.take({ 1: room() }, raisedThen))
  assert.equal(counts.of("1")?.unread, 1)
})

test("unread: a room that is followed no more counts no more", () => {
  counts.setLevel("2", "none")
  assert.equal(counts.sum("unread"), 0)
})

test("notifications: for what is new, and for who is called only now", () => {
  assert.deepEqual(counts.noticeOf(posted(11)), { level: "all", isCalled: false })
  assert.equal(counts.noticeOf(posted(9)), null)
  assert.deepEqual(counts.noticeOf(posted(9, "", { calls: [7] })), { level: "all", isCalled: true })
  assert.equal(counts.noticeOf({ op: "drop", id: "message-11" }), null)
})
