import assert from "node:assert/strict"
import { beforeEach, test } from "node:test"
import { FrameReader } from "../../../static/js/realtime/frames.js"

/** @typedef {import("../../../static/js/realtime/frames.js").Op} Op */

/** @type {Map<string, string | undefined>} element id → its HTML, as the page stands */
let page
/** @type {Set<string>} */
let held
/** @type {FrameReader} */
let reader

beforeEach(() => {
  page = new Map()
  held = new Set()
  reader = new FrameReader(
    { seq: 10, epoch: "e1" },
    {
      isHeld: (id) => held.has(id),
      apply(op) {
        if (op.op === "drop") page.delete(op.id ?? "")
        else page.set(op.id ?? `chip ${op.task}`, op.html)
      },
    },
  )
})

/** @param {string} id @param {string} html @returns {Op} */
const put = (id, html) => ({ op: "put", id, parent: "list", rank: "a", html })
/** @param {string} id @returns {Op} */
const drop = (id) => ({ op: "drop", id })
/** @param {number} seq @param {...Op} ops */
const frame = (seq, ...ops) => ({ epoch: "e1", seq, ops })

test("frames: ops are applied and the page is further on", () => {
  reader.take(frame(11, put("task-1", "one"), drop("task-2")))
  assert.equal(page.get("task-1"), "one")
  assert.equal(reader.seq, 11)
})

test("frames: an older one that comes late changes nothing", () => {
  reader.take(frame(12, put("task-1", "new")))
  reader.take(frame(11, put("task-1", "old")))
  assert.equal(page.get("task-1"), "new")
  assert.equal(reader.seq, 12)
})

test("frames: one that is late still brings what is not newer", () => {
  reader.take(frame(12, put("task-1", "new")))
  reader.take(frame(11, put("task-2", "other")))
  assert.equal(page.get("task-2"), "other")
})

test("frames: what was dropped is not put back by an older one", () => {
  reader.take(frame(12, drop("task-1")))
  reader.take(frame(11, put("task-1", "ghost")))
  assert.ok(!page.has("task-1"))
})

test("frames: one that is doubled is applied as it is", () => {
  reader.take(frame(11, put("task-1", "one")))
  reader.take(frame(11, put("task-1", "one")))
  assert.equal(page.get("task-1"), "one")
})

test("frames: whatever the order, the page ends the same", () => {
  const frames = [frame(11, put("a", "1")), frame(12, put("a", "2"), put("b", "1")), frame(13, drop("a"))]
  for (const order of [
    [0, 1, 2],
    [2, 1, 0],
    [1, 2, 0],
    [0, 2, 1, 0],
  ]) {
    reader.restart({ seq: 10, epoch: "e1" })
    page.clear()
    for (const index of order) reader.take(frames[index])
    assert.deepEqual([...page], [["b", "1"]])
  }
})

test("frames: what is held waits until it is released", () => {
  held.add("task-1")
  reader.take(frame(11, put("task-1", "moved")))
  assert.ok(!page.has("task-1"))
  reader.release()
  assert.ok(!page.has("task-1"))
  held.clear()
  reader.release()
  assert.equal(page.get("task-1"), "moved")
})

test("frames: of what waited only the last is applied", () => {
  held.add("task-1")
  reader.take(frame(11, put("task-1", "first")))
  reader.take(frame(12, put("task-1", "second")))
  held.clear()
  reader.release()
  reader.release()
  assert.equal(page.get("task-1"), "second")
})

test("frames: what is held does not stop the rest", () => {
  held.add("task-1")
  reader.take(frame(11, put("task-1", "x"), put("task-2", "y")))
  assert.equal(page.get("task-2"), "y")
  assert.equal(reader.seq, 11)
})

test("frames: a timeline comes along for the open task alone", () => {
  const entry = { ...put("entry-1", "said"), audience: 7 }
  reader.take(frame(11, entry))
  assert.ok(!page.has("entry-1"))
  reader.open(7)
  reader.take(frame(11, entry))
  assert.equal(page.get("entry-1"), "said")
})

test("frames: a task drawn earlier takes the page back to where it was drawn", () => {
  reader.open(7, 8)
  assert.deepEqual(reader.position, { since: 8, epoch: "e1", task: 7 })
  reader.open(null)
  assert.deepEqual(reader.position, { since: 8, epoch: "e1" })
})

test("frames: a task drawn later does not skip what the page has not seen", () => {
  reader.open(7, 99)
  assert.equal(reader.seq, 10)
})

test("frames: another log or a reload op asks for the page anew", () => {
  assert.ok(reader.asksForReload({ epoch: "e2", seq: 1, ops: [] }))
  assert.ok(reader.asksForReload(frame(900, { op: "reload" })))
  assert.ok(!reader.asksForReload(frame(11, put("task-1", "x"))))
  assert.ok(!reader.asksForReload({ seq: 11 }))
})

test("frames: a page read anew forgets what was put and held", () => {
  held.add("task-2")
  reader.take(frame(20, put("task-1", "x"), put("task-2", "y")))
  reader.restart({ seq: 3, epoch: "e2" })
  held.clear()
  reader.release()
  assert.ok(!page.has("task-2"))
  reader.take({ epoch: "e2", seq: 4, ops: [put("task-1", "restored")] })
  assert.equal(page.get("task-1"), "restored")
})

test("frames: a chip has no place of its own", () => {
  reader.take(frame(11, { op: "chip", task: 5, html: "done" }))
  assert.equal(page.get("chip 5"), "done")
})
