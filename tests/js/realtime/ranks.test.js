import assert from "node:assert/strict"
import { test } from "node:test"
import { Backoff } from "../../../static/js/realtime/backoff.js"
import { isInGap, placeOfRank, splitGap } from "../../../static/js/realtime/ranks.js"

/** @param {(string | undefined)[]} ranks */
const of = (...ranks) => ranks.map((rank) => ({ rank }))

test("ranks: an element goes before the first higher one", () => {
  assert.equal(placeOfRank("b", { entries: of("a", "c", "d") }), 1)
  assert.equal(placeOfRank("0", { entries: of("a", "c") }), 0)
})

test("ranks: the highest goes last", () => {
  assert.equal(placeOfRank("z", { entries: of("a", "c") }), 2)
  assert.equal(placeOfRank("a", { entries: [] }), 0)
})

test("ranks: upper case sorts before lower case, as in the database", () => {
  assert.equal(placeOfRank("Z", { entries: of("a") }), 0)
})

test("ranks: what has none is passed over", () => {
  assert.equal(placeOfRank("b", { entries: of(undefined, "a", undefined, "c") }), 3)
})

test("ranks: in a gap nothing is shown, and on both sides of it all is", () => {
  const entries = [...of("a", "c"), { after: "e", before: "m" }, ...of("m", "o")]
  for (const rank of ["f", "l"]) assert.equal(placeOfRank(rank, { entries }), null)
  assert.equal(placeOfRank("b", { entries }), 1)
  assert.equal(placeOfRank("d", { entries }), 2, "before the gap, which begins behind a card that has left")
  assert.equal(placeOfRank("n", { entries }), 4)
  assert.equal(placeOfRank("z", { entries }), 5)
})

test("ranks: a gap without an end hides all behind it", () => {
  const entries = [...of("a", "c"), { after: "c" }]
  assert.equal(placeOfRank("z", { entries }), null)
  assert.equal(placeOfRank("b", { entries }), 1)
})

test("gaps: one that is opened at its end lies between", () => {
  assert.deepEqual(splitGap({ after: "c", before: "" }, { rank: "x", previous: "w", next: "" }), [
    { after: "c", before: "x" },
  ])
})

test("gaps: one that is opened at its beginning lies behind", () => {
  assert.deepEqual(splitGap({ after: "c", before: "" }, { rank: "d", previous: "c", next: "e" }), [
    { after: "d", before: "" },
  ])
  assert.deepEqual(splitGap({ after: "c", before: "m" }, { rank: "d", previous: "c", next: "e" }), [
    { after: "d", before: "m" },
  ])
})

test("gaps: one that is opened in its middle is two", () => {
  const two = [
    { after: "c", before: "g" },
    { after: "g", before: "m" },
  ]
  assert.deepEqual(splitGap({ after: "c", before: "m" }, { rank: "g", previous: "f", next: "h" }), two)
  assert.deepEqual(splitGap({ after: "c", before: "m" }, { rank: "g" }), two, "also when nobody knows what is beside")
})

test("gaps: one that holds nothing else is gone", () => {
  assert.deepEqual(splitGap({ after: "c", before: "m" }, { rank: "g", previous: "b", next: "m" }), [])
  assert.deepEqual(splitGap({ after: "c", before: "" }, { rank: "g", previous: "c", next: "" }), [])
})

test("gaps: one that begins or ends where a card is shown goes when it is known to hold nothing", () => {
  assert.deepEqual(splitGap({ after: "c", before: "m" }, { rank: "m", previous: "c", next: "" }), [])
  assert.deepEqual(splitGap({ after: "m", before: "" }, { rank: "m", previous: "c", next: "" }), [])
  const held = { after: "c", before: "m" }
  assert.deepEqual(splitGap(held, { rank: "m", previous: "d", next: "" }), [held])
  assert.deepEqual(splitGap(held, { rank: "c", previous: "a", next: "d" }), [held])
  assert.deepEqual(splitGap(held, { rank: "m" }), [held])
})

test("gaps: what opened one is in none of what is left", () => {
  for (const gap of splitGap({ after: "c", before: "m" }, { rank: "g" })) assert.ok(!isInGap("g", gap))
})

test("ranks: outside of what a list shows nothing is put", () => {
  const list = { entries: of("c", "d"), from: "c", to: "e" }
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
