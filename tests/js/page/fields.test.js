import assert from "node:assert/strict"
import { test } from "node:test"
import { oneLine } from "../../../static/js/page/fields.js"

test("fields: the words of two lines stay apart on one", () => {
  assert.equal(oneLine("Paint the quay\r\nbefore winter\n"), "Paint the quay before winter")
  assert.equal(oneLine("one \n\n  two\u2028three"), "one two three")
  assert.equal(oneLine("one\ttwo"), "one\ttwo")
})
