import assert from "node:assert/strict"
import { test } from "node:test"
import { Drafts } from "../../../static/js/page/drafts.js"
import { FakeChannel, FakeStorage } from "../fakes.js"

const PLACE = "draft:1:2:text"

/** A browser, and how a page of it is opened. */
function browser() {
  const storage = new FakeStorage()
  const pages = new Set()
  let count = 0
  /** @param {string | null} [before] */
  const open = (before = null) => {
    const channel = new FakeChannel(pages)
    const page = `page-${++count}`
    const drafts = new Drafts({ page, before, storage, channel, patience: 5 })
    return { drafts, page, crash: () => pages.delete(channel) }
  }
  return { storage, open }
}

test("drafts: two pages do not overwrite each other's", async () => {
  const { open } = browser()
  const [one, other] = [open(), open()]
  one.drafts.keep(PLACE, { text: "From one" })
  assert.equal(await other.drafts.adopt(PLACE), null)
  other.drafts.keep(PLACE, { text: "From the other" })
  assert.equal(one.drafts.read(PLACE)?.text, "From one")
  assert.equal(other.drafts.read(PLACE)?.text, "From the other")
})

test("drafts: what a page has left goes to one of the next, once", async () => {
  const { open } = browser()
  const gone = open()
  gone.drafts.keep(PLACE, { text: "Half a tho", version: "3" })
  const { id } = gone.drafts.read(PLACE) ?? {}
  gone.drafts.leave()
  gone.crash()
  const adopted = await open().drafts.adopt(PLACE)
  assert.deepEqual([adopted?.text, adopted?.version, adopted?.id], ["Half a tho", "3", id])
  assert.equal(await open().drafts.adopt(PLACE), null)
})

test("drafts: a page that went without a word has left its draft as well", async () => {
  const { open } = browser()
  const crashed = open()
  crashed.drafts.keep(PLACE, { text: "Half a tho" })
  crashed.crash()
  assert.equal((await open().drafts.adopt(PLACE))?.text, "Half a tho")
})

test("drafts: each tab gets its own again when all are reloaded", async () => {
  const { open } = browser()
  const [one, other] = [open(), open()]
  one.drafts.keep(PLACE, { text: "From one" })
  other.drafts.keep(PLACE, { text: "From the other" })
  for (const each of [one, other]) {
    each.drafts.leave()
    each.crash()
  }
  assert.equal((await open(one.page).drafts.adopt(PLACE))?.text, "From one")
  assert.equal((await open(other.page).drafts.adopt(PLACE))?.text, "From the other")
})

test("drafts: one from before there were tabs is found, at its place alone", async () => {
  const { storage, open } = browser()
  storage.setItem(PLACE, '{"text": "Long ago"}')
  const { drafts } = open()
  assert.equal(await drafts.adopt("draft:1:2"), null)
  assert.equal((await drafts.adopt(PLACE))?.text, "Long ago")
})

test("drafts: what is sent is known in a page that shows it too", async () => {
  const { storage, open } = browser()
  const one = open()
  one.drafts.keep(PLACE, { text: "Hello" })
  storage.setItem(`${PLACE}@gone`, storage.getItem(`${PLACE}@${one.page}`) ?? "")
  const other = open()
  assert.equal((await other.drafts.adopt(PLACE))?.text, "Hello")
  /** @type {string[]} */
  const heard = []
  other.drafts.onSentElsewhere((place, text) => heard.push(place, text))
  one.drafts.sent(PLACE)
  assert.deepEqual(heard, [PLACE, "Hello"])
  assert.equal(other.drafts.read(PLACE), null)
})

test("drafts: a page that has gone on from what was sent keeps its words, under another id", async () => {
  const { storage, open } = browser()
  const one = open()
  one.drafts.keep(PLACE, { text: "Hello" })
  storage.setItem(`${PLACE}@gone`, storage.getItem(`${PLACE}@${one.page}`) ?? "")
  const other = open()
  const { id } = (await other.drafts.adopt(PLACE)) ?? {}
  other.drafts.keep(PLACE, { text: "Hello, all" })
  one.drafts.sent(PLACE)
  assert.equal(other.drafts.read(PLACE)?.text, "Hello, all")
  assert.notEqual(other.drafts.read(PLACE)?.id, id)
})

test("drafts: the same words have the same id when they are sent again, others have another", () => {
  const { drafts } = browser().open()
  drafts.keep(PLACE, { text: "Hello" })
  const id = drafts.attempt(PLACE, "Hello")
  assert.equal(drafts.attempt(PLACE, "Hello"), id)
  drafts.keep(PLACE, { text: "Hello, all" })
  assert.notEqual(drafts.attempt(PLACE, "Hello, all"), id)
})

test("drafts: none is kept of nothing, nor after it was sent", () => {
  const { storage, open } = browser()
  const { drafts } = open()
  drafts.keep(PLACE, { text: "x" })
  drafts.keep(PLACE, { text: "" })
  assert.equal(storage.kept.size, 0)
  drafts.keep(PLACE, { text: "x" })
  drafts.sent(PLACE)
  assert.equal(storage.kept.size, 0)
})

test("drafts: what is not JSON is no draft", async () => {
  const { storage, open } = browser()
  storage.setItem(PLACE, '{"text": "cut o')
  assert.equal(await open().drafts.adopt(PLACE), null)
})

test("drafts: a browser that keeps nothing says so", async () => {
  const { storage, open } = browser()
  storage.isClosed = true
  const { drafts } = open()
  assert.equal(drafts.keep(PLACE, { text: "x" }), false)
  assert.equal((await drafts.adopt(PLACE))?.text, "x")
})

test("drafts: a page that comes back knows whether another has gone on", async () => {
  const { open } = browser()
  const { drafts } = open()
  drafts.keep(PLACE, { text: "x" })
  drafts.leave()
  assert.ok(drafts.comeBack())
  drafts.leave()
  await open().drafts.adopt(PLACE)
  assert.ok(!drafts.comeBack())
})
