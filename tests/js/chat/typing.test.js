import assert from "node:assert/strict"
import { test } from "node:test"
import { TypingNotice, typingSentence, Writers } from "../../../static/js/chat/typing_state.js"

const words = { one_writes: "{name} writes.", two_write: "{name} and {other} write.", several_write: "Several write." }

test("typing: others are told at most every ten seconds", () => {
  const notice = new TypingNotice()
  assert.ok(notice.start(100_000))
  assert.ok(!notice.start(109_999))
  assert.ok(notice.start(110_000))
})

test("typing: the end is told once, and only to whom the start was told", () => {
  const notice = new TypingNotice()
  assert.ok(!notice.stop())
  notice.start(100_000)
  assert.ok(notice.stop())
  assert.ok(!notice.stop())
  assert.ok(notice.start(100_001), "who begins anew is told at once")
})

test("typing: who writes where", () => {
  const writers = new Writers()
  writers.set({ user: 1, room: 5, name: "Ana", on: true })
  writers.set({ user: 2, room: 6, name: "Ben", on: true })
  assert.deepEqual(writers.namesIn(5), ["Ana"])
  writers.set({ user: 1, room: 6, name: "Ana", on: true })
  assert.deepEqual(writers.namesIn(5), [])
  assert.deepEqual(writers.namesIn(6), ["Ben", "Ana"])
  writers.set({ user: 2, room: 6, name: "Ben", on: false })
  writers.remove(1)
  assert.deepEqual(writers.namesIn(6), [])
})

test("typing: the sentence names two, not more", () => {
  assert.equal(typingSentence([], words), "")
  assert.equal(typingSentence(["Ana"], words), "Ana writes.")
  assert.equal(typingSentence(["Ana", "Ben"], words), "Ana and Ben write.")
  assert.equal(typingSentence(["Ana", "Ben", "Cy"], words), "Several write.")
})
