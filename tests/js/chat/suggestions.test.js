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

test("suggestions: a sign begins a word after brackets, quotation marks and letters that know no case", () => {
  for (const before of ["(", "“", "«", "„", "‘", "—", "你好", "를", "ל", "ครับ", "，", "**"]) {
    assert.equal(begunWord(`${before}@an`)?.typed, "an", before)
    assert.equal(begunWord(`${before}#12`)?.typed, "12", before)
  }
})

test("suggestions: a username that is an address is typed to its end", () => {
  assert.equal(begunWord("@ana.ruiz+x@example.org")?.typed, "ana.ruiz+x@example.org")
})

test("suggestions: nothing is offered where nothing is mentioned", () => {
  const texts = [
    "> @an",
    "a\n> b @an",
    "- > @an",
    "`@an",
    "```\n@an",
    "    @an",
    "\\@an",
    "a@an",
    "x/@an",
    "@@an",
    ".@an",
  ]
  const addresses = ["https://a.example/?to=(@an", "www.a.example/(@an", "a.example/(@an"]
  for (const text of [...texts, ...addresses]) assert.equal(begunWord(text), null, text)
})

test("suggestions: after quotations and code there are some again", () => {
  for (const text of ["> a\n@an", "`a` @an", "```\na\n```\n@an", "see https://a.example (@an"]) {
    assert.equal(begunWord(text)?.typed, "an", text)
  }
})

test("suggestions: letters that are alike, and names without spaces", () => {
  assert.ok(matchesName("Семён Орлов", "семе"))
  assert.ok(matchesName("王小明", "小明"))
  assert.ok(matchesName("ana.ruiz@example.org", "example"))
})
