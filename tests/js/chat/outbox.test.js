import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { OutboxStore } from "../../../static/js/chat/outbox_store.js"
import { endOf } from "../../../static/js/chat/upload_request.js"
import { FakeStorage } from "../fakes.js"

/** @param {string} id */
const letter = (id) => ({ client_message_id: id, text: `Text of ${id}`, reply_to: "", files: [] })
/** @type {FakeStorage} */
let storage
/** @type {OutboxStore} */
let outbox

beforeEach(() => {
  storage = new FakeStorage()
  outbox = new OutboxStore("outbox:1:2", storage)
})

const ids = () => outbox.letters.map((each) => each.client_message_id)

test("outbox: letters are kept in the order they were written", () => {
  outbox.add(letter("a"))
  outbox.add(letter("b"))
  assert.deepEqual(ids(), ["a", "b"])
})

test("outbox: a page that is loaded anew has them too", () => {
  outbox.add(letter("a"))
  assert.deepEqual(new OutboxStore("outbox:1:2", storage).letters, [letter("a")])
  assert.deepEqual(new OutboxStore("outbox:1:3", storage).letters, [])
})

test("outbox: one that failed says why, and the others do not", () => {
  outbox.add(letter("a"))
  outbox.add(letter("b"))
  outbox.fail("a", "Not sent yet.")
  assert.deepEqual(
    outbox.letters.map((each) => each.failed),
    ["Not sent yet.", undefined],
  )
})

test("outbox: one that has arrived goes, and the last takes the list with it", () => {
  outbox.add(letter("a"))
  outbox.add(letter("b"))
  outbox.remove("a")
  assert.deepEqual(ids(), ["b"])
  outbox.remove("b")
  assert.equal(storage.kept.size, 0)
})

test("outbox: failing one that has arrived meanwhile brings nothing back", () => {
  outbox.add(letter("a"))
  outbox.remove("a")
  outbox.fail("a", "Not sent yet.")
  assert.deepEqual(ids(), [])
})

test("outbox: what is no list of letters is none", () => {
  storage.setItem("outbox:1:2", "[{")
  assert.deepEqual(ids(), [])
})

test("outbox: a browser that keeps nothing is no trouble", () => {
  storage.isClosed = true
  outbox.add(letter("a"))
  assert.deepEqual(ids(), [])
})

test("uploads: a file that was taken has its id", () => {
  assert.deepEqual(endOf({ status: 201, responseText: '{"id": 5}' }), { id: "5" })
})

test("uploads: a refusal has the server's words", () => {
  assert.deepEqual(endOf({ status: 422, responseText: '{"message": "Too large."}' }), { message: "Too large." })
})

test("uploads: half an answer, or a proxy's page, is no file", () => {
  assert.equal(endOf({ status: 201, responseText: '{"id": "5' }).id, undefined)
  assert.equal(endOf({ status: 502, responseText: "<html></html>" }).id, undefined)
  assert.equal(endOf({ status: 201, responseText: "null" }).id, undefined)
})
