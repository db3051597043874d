import assert from "node:assert/strict"
import { test } from "node:test"
import { lengthOf } from "../../../static/js/page/lengths.js"

test("lengths: a character is one, however many units it has", () => {
  assert.equal(lengthOf("a😀ё", { isLine: false }), 3)
})

test("lengths: the spaces around a line are not stored, those of a text are", () => {
  assert.equal(lengthOf("  Paint the quay ", { isLine: true }), 14)
  assert.equal(lengthOf("  Two coats.\n", { isLine: false }), 13)
})
