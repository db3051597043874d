import assert from "node:assert/strict"
import { test } from "node:test"
import { Queue } from "../../../static/js/page/queue.js"

const pause = () => new Promise((resolve) => setTimeout(resolve, 1))

test("queue: works in the order it was given, one at a time", async () => {
  const queue = new Queue()
  /** @type {string[]} */
  const seen = []
  const work = (/** @type {string} */ name) => async () => {
    seen.push(`${name} begins`)
    await pause()
    seen.push(`${name} ends`)
  }
  queue.add(work("first"))
  await queue.add(work("second"))
  assert.deepEqual(seen, ["first begins", "first ends", "second begins", "second ends"])
})

test("queue: the next goes on after a promise that was broken", async () => {
  /** @type {unknown[]} */
  const reported = []
  const queue = new Queue((error) => reported.push(error))
  const trouble = new SyntaxError("Unexpected end of JSON input")
  queue.add(() => Promise.reject(trouble))
  let isDone = false
  await queue.add(() => {
    isDone = true
  })
  assert.ok(isDone)
  assert.deepEqual(reported, [trouble])
})

test("queue: the next goes on after work that threw at once", async () => {
  const queue = new Queue(() => {})
  queue.add(() => {
    throw new TypeError("no such element")
  })
  let isDone = false
  await queue.add(() => {
    isDone = true
  })
  assert.ok(isDone)
})

test("queue: whoever added work that failed goes on too", async () => {
  const queue = new Queue(() => {})
  await queue.add(() => Promise.reject(new Error("lost")))
  assert.ok(true, "the promise was kept")
})

test("queue: work may add work, which comes last", async () => {
  const queue = new Queue()
  /** @type {string[]} */
  const seen = []
  queue.add(() => {
    seen.push("first")
    queue.add(() => seen.push("added by the first"))
  })
  await queue.add(() => seen.push("second"))
  await pause()
  assert.deepEqual(seen, ["first", "second", "added by the first"])
})
