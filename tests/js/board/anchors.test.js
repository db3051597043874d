import assert from "node:assert/strict"
import { test } from "node:test"
import { anchorsOf, columnStep, indexAt, placeAmong, standsAt, stepFrom } from "../../../static/js/board/anchors.js"

test("anchors: the neighbours on both sides", () => {
  assert.deepEqual(anchorsOf(["1", "2", "3"], "2"), { after: "1", before: "3" })
})

test("anchors: none at the ends", () => {
  assert.deepEqual(anchorsOf(["1", "2"], "1"), { after: "", before: "2" })
  assert.deepEqual(anchorsOf(["1", "2"], "2"), { after: "1", before: "" })
  assert.deepEqual(anchorsOf(["1"], "1"), { after: "", before: "" })
})

test("anchors: a card goes where its neighbours are now", () => {
  assert.equal(indexAt(["7", "1", "3"], { after: "1", before: "3" }), 2)
})

test("anchors: one neighbour that is left is enough", () => {
  assert.equal(indexAt(["7", "3"], { after: "1", before: "3" }), 1)
  assert.equal(indexAt(["7", "1"], { after: "1", before: "3" }), 2)
})

test("anchors: without both it is the end", () => {
  assert.equal(indexAt(["7", "8"], { after: "1", before: "3" }), 2)
  assert.equal(indexAt([], { after: "", before: "" }), 0)
})

test("anchors: a gap is no neighbour, for other cards may be in it", () => {
  assert.deepEqual(anchorsOf(["1", "", "8", "9"], "8"), { after: "", before: "9" })
  assert.deepEqual(anchorsOf(["1", "2", "", "9"], "2"), { after: "1", before: "" })
  assert.equal(indexAt(["1", "", "9"], { after: "", before: "9" }), 2)
  assert.equal(indexAt(["1", "", "9"], { after: "", before: "" }), 3)
})

test("places: above the first gap from the top, below the last one from the end", () => {
  const ids = ["1", "2", "", "8", "", "71", "72"]
  assert.deepEqual(
    ["1", "2", "8", "71", "72"].map((id) => placeAmong(ids, id, 72)),
    [1, 2, null, 71, 72],
  )
  assert.equal(placeAmong(["1", "2"], "2", 73), 2)
})

test("anchors: a move that was made is seen", () => {
  const wanted = anchorsOf(["1", "3", "2"], "2")
  assert.ok(standsAt(["1", "3", "2"], "2", wanted))
  assert.ok(standsAt(["1", "9", "3", "2"], "2", wanted), "another card came above")
})

test("anchors: a move that was not made is seen", () => {
  const before = ["1", "2", "3", "4"]
  for (const after of [
    ["2", "1", "3", "4"],
    ["1", "3", "2", "4"],
    ["1", "3", "4", "2"],
  ]) {
    assert.ok(!standsAt(before, "2", anchorsOf(after, "2")), after.join())
  }
  assert.ok(!standsAt(["1"], "2", { after: "1", before: "" }), "it is in another column")
})

test("steps: up and down inside the column", () => {
  assert.equal(stepFrom("ArrowDown", 0, 3), 1)
  assert.equal(stepFrom("k", 2, 3), 1)
  assert.equal(stepFrom("ArrowUp", 0, 3), null)
  assert.equal(stepFrom("j", 2, 3), null)
  assert.equal(stepFrom("ArrowLeft", 1, 3), null)
})

test("steps: left and right to the columns beside", () => {
  assert.equal(columnStep("ArrowLeft"), -1)
  assert.equal(columnStep("l"), 1)
  assert.equal(columnStep("ArrowUp"), null)
})
