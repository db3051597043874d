import assert from "node:assert/strict"
import { test } from "node:test"
import { keepDraft, readDraft } from "../../../static/js/page/drafts.js"
import { FakeStorage } from "../fakes.js"

test("drafts: what is kept is read again", () => {
  const storage = new FakeStorage()
  keepDraft("draft:1:2:words", { text: "Half a tho", version: "3" }, storage)
  assert.deepEqual(readDraft("draft:1:2:words", storage), { text: "Half a tho", version: "3" })
})

test("drafts: nothing kept is null", () => {
  assert.equal(readDraft("draft:1:2:words", new FakeStorage()), null)
})

test("drafts: null forgets what was kept", () => {
  const storage = new FakeStorage()
  keepDraft("draft:1", { text: "x" }, storage)
  keepDraft("draft:1", null, storage)
  assert.equal(storage.kept.size, 0)
})

test("drafts: what is not JSON is no draft", () => {
  const storage = new FakeStorage()
  storage.setItem("draft:1", '{"text": "cut o')
  assert.equal(readDraft("draft:1", storage), null)
})

test("drafts: a browser that keeps nothing is no trouble", () => {
  const storage = new FakeStorage()
  storage.isClosed = true
  keepDraft("draft:1", { text: "x" }, storage)
  assert.equal(readDraft("draft:1", storage), null)
})
