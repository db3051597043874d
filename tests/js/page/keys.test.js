import assert from "node:assert/strict"
import { test } from "node:test"
import { isComposing, latin } from "../../../static/js/page/keys.js"
import { fill } from "../../../static/js/page/sentences.js"
import { uuid } from "../../../static/js/page/uuid.js"

test("keys: a Russian layout has the same shortcuts", () => {
  assert.equal(latin({ key: "о", code: "KeyJ" }), "j")
  assert.equal(latin({ key: "х", code: "BracketLeft" }), "[")
  assert.equal(latin({ key: "j", code: "KeyJ" }), "j")
  assert.equal(latin({ key: "ArrowUp", code: "ArrowUp" }), "ArrowUp")
})

test("keys: an input method's keys are its own, in Safari too", () => {
  assert.ok(isComposing({ isComposing: true }))
  assert.ok(isComposing({ isComposing: false, keyCode: 229 }))
  assert.ok(!isComposing({ isComposing: false, keyCode: 13 }))
})

test("sentences: each fact stands where its name was", () => {
  assert.equal(fill("{title}: place {place} of {count}.", { title: "{x}", place: 1, count: 2 }), "{x}: place 1 of 2.")
})

test("uuid: without a secure origin it is one of version 4 all the same", () => {
  const source = /** @type {any} */ ({ getRandomValues: (/** @type {Uint8Array} */ bytes) => bytes.fill(0xcd) })
  assert.equal(uuid(source), "cdcdcdcd-cdcd-4dcd-adcd-cdcdcdcdcdcd")
})
