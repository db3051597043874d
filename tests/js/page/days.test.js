import assert from "node:assert/strict"
import { test } from "node:test"
import { daysIn } from "../../../static/js/page/days.js"

const now = new Date("2026-03-10T12:00:00Z")
const at = (/** @type {string} */ text) => new Date(text)

test("days: a day is the reader's, not the server's", () => {
  const late = at("2026-03-09T23:30:00Z")
  assert.equal(daysIn("en", "UTC").dayOf(late), "2026-03-09")
  assert.equal(daysIn("en", "Asia/Kathmandu").dayOf(late), "2026-03-10")
  assert.equal(daysIn("en", "America/St_Johns").dayOf(late), "2026-03-09")
})

test("days: today and yesterday are called so", () => {
  const { dayName } = daysIn("en", "UTC")
  assert.equal(dayName(at("2026-03-10T00:00:00Z"), now), "Today")
  assert.equal(dayName(at("2026-03-09T23:59:59Z"), now), "Yesterday")
})

test("days: the year is left out while it goes without saying", () => {
  const { dayName } = daysIn("en", "UTC")
  assert.equal(dayName(at("2026-03-08T09:00:00Z"), now), "Sunday, March 8")
  assert.equal(dayName(at("2025-03-08T09:00:00Z"), now), "March 8, 2025")
})

test("days: the night of a clock change is one day long", () => {
  const { dayName } = daysIn("en", "Europe/Berlin")
  assert.equal(dayName(at("2026-03-28T22:00:00Z"), at("2026-03-29T21:00:00Z")), "Yesterday")
})

test("days: names begin with a capital in every language", () => {
  assert.equal(daysIn("ru", "UTC").dayName(at("2026-03-09T10:00:00Z"), now), "Вчера")
})
