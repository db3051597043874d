import assert from "node:assert/strict"
import { test } from "node:test"
import { Backoff } from "../../../static/js/realtime/backoff.js"
import { placeOfRank } from "../../../static/js/realtime/ranks.js"

test("ranks: an element goes before the first higher one", () => {
  assert.equal(placeOfRank("b", { ranks: ["a", "c", "d"] }), 1)
  assert.equal(placeOfRank("0", { ranks: ["a", "c"] }), 0)
})

test("ranks: the highest goes last", () => {
  assert.equal(placeOfRank("z", { ranks: ["a", "c"] }), 2)
  assert.equal(placeOfRank("a", { ranks: [] }), 0)
})

test("ranks: upper case sorts before lower case, as in the database", () => {
  assert.equal(placeOfRank("Z", { ranks: ["a"] }), 0)
})

test("ranks: what has none is passed over", () => {
  assert.equal(placeOfRank("b", { ranks: [undefined, "a", undefined, "c"] }), 3)
})

test("ranks: behind the last of a part-loaded list nothing is shown", () => {
  assert.equal(placeOfRank("z", { ranks: ["a", "c"], isPartLoaded: true }), null)
  assert.equal(placeOfRank("b", { ranks: ["a", "c"], isPartLoaded: true }), 1)
})

test("ranks: outside of what a list shows nothing is put", () => {
  const list = { ranks: ["c", "d"], from: "c", to: "e" }
  assert.equal(placeOfRank("b", list), null)
  assert.equal(placeOfRank("f", list), null)
  assert.equal(placeOfRank("e", list), 2)
})

test("backoff: each wait is twice as long, up to the longest", () => {
  const backoff = new Backoff(500, 2_000)
  assert.deepEqual(
    [1, 2, 3, 4].map(() => backoff.next(0.5)),
    [500, 1_000, 2_000, 2_000],
  )
  backoff.reset()
  assert.equal(backoff.next(0.5), 500)
})

test("backoff: not all pages come back at once", () => {
  assert.equal(new Backoff(500, 2_000).next(0), 250)
  assert.equal(new Backoff(500, 2_000).next(1), 750)
})
