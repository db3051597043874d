import assert from "node:assert/strict"
import { test } from "node:test"
import { fill } from "../../../static/js/page/sentences.js"

test("sentences: a name written from the right is isolated, others stay as they are", () => {
  assert.equal(fill("{name} moved {n}.", { name: "Ana", n: 2 }), "Ana moved 2.")
  assert.equal(fill("{name} пишет.", { name: "Аня" }), "Аня пишет.")
  assert.equal(fill("{name} moved {n}.", { name: "אורן", n: 2 }), "\u2068אורן\u2069 moved 2.")
  assert.equal(fill("{name}.", { name: "a\u202eb" }), "\u2068a\u202eb\u2069.")
})

test("sentences: a name is text, whatever it looks like", () => {
  assert.equal(fill("{name}.", { name: "$& {n}" }), "$& {n}.")
})
