import assert from "node:assert/strict"
import { test } from "node:test"
import {
  begunWord,
  isComplete,
  matchesName,
  matchingCommands,
  matchingPeople,
} from "../../../static/js/chat/suggestion_words.js"

const people = [
  { text: "@ana.ruiz", label: "Ana Ruiz" },
  { text: "@ben", label: "Ben Okoro" },
  { text: "@scribe", label: "Scribe" },
]

test("suggestions: a sign begins a word at its start and after a blank", () => {
  assert.deepEqual(begunWord("@an"), { sign: "@", typed: "an", from: 0 })
  assert.deepEqual(begunWord("ask @an"), { sign: "@", typed: "an", from: 4 })
  assert.deepEqual(begunWord("see\n#12"), { sign: "#", typed: "12", from: 4 })
})

test("suggestions: an address, a finished word and none at all offer nothing", () => {
  for (const text of ["me@example", "@ana and", "", "plain"]) assert.equal(begunWord(text), null, text)
})

test("suggestions: a command is one at the very start alone", () => {
  assert.deepEqual(begunWord("/pau"), { sign: "/", typed: "pau", from: 0 })
  assert.equal(begunWord("and /pau"), null)
})

test("suggestions: letters of every alphabet", () => {
  assert.deepEqual(begunWord("@оль"), { sign: "@", typed: "оль", from: 0 })
})

test("suggestions: a name matches by the start of any of its parts", () => {
  assert.ok(matchesName("Ana Ruiz", "ru"))
  assert.ok(matchesName("ana.ruiz", "RU"))
  assert.ok(matchesName("Ana Ruiz", "ana r"))
  assert.ok(!matchesName("Ana Ruiz", "uiz"))
})

test("suggestions: people are found by handle and by name", () => {
  assert.deepEqual(matchingPeople(people, "oko"), [people[1]])
  assert.deepEqual(matchingPeople(people, "ana"), [people[0]])
  assert.equal(matchingPeople(people, "").length, 3)
})

test("suggestions: commands are found by their start", () => {
  const commands = [
    { text: "/pause", label: "" },
    { text: "/resume", label: "" },
  ]
  assert.deepEqual(matchingCommands(commands, "re"), [commands[1]])
})

test("suggestions: the one that stands there already is not offered", () => {
  assert.ok(isComplete([people[1]], "@Ben"))
  assert.ok(!isComplete([people[1]], "@be"))
  assert.ok(!isComplete(people, "@ben"))
})
