import assert from "node:assert/strict"
import { test } from "node:test"

import { elapsedIn } from "../../../static/js/page/durations.js"

const SECOND = 1000
const MINUTE = 60 * SECOND

test("elapsed time is told in seconds, then minutes, then hours", () => {
  const elapsed = elapsedIn("en")
  const told = [0, 40.9 * SECOND, 119 * SECOND, 2 * MINUTE, 119 * MINUTE, 120 * MINUTE, 50 * 60 * MINUTE].map(elapsed)
  assert.deepEqual(told, ["0\u00a0s", "40\u00a0s", "119\u00a0s", "2 min", "119 min", "2 hr", "50 hr"])
})

test("elapsed time of a clock that goes wrong is nothing", () => {
  assert.equal(elapsedIn("en")(-5 * MINUTE), "0\u00a0s")
})

test("elapsed time is written in the reader's language", () => {
  assert.match(elapsedIn("ru")(40 * SECOND), /^40\sс$/)
})
