import assert from "node:assert/strict"
import { test } from "node:test"
import { textOfRtf, wordsOf } from "../../../static/js/page/transfers.js"

const textOfHtml = (/** @type {string} */ html) => html.replace(/<[^>]*>/g, "")

/** @param {Record<string, string>} data @param {string[]} files */
const brought = (data, files = []) =>
  wordsOf({ getData: (kind) => data[kind] ?? "", files: files.map((name) => ({ name })) }, textOfHtml)

test("transfers: of words and their picture the words are meant", () => {
  const table = "Berth\tShip\r\n1\tMarie\r\n"
  const html = "<table><td>Berth</td></table>"
  assert.equal(brought({ "text/plain": table, "text/html": html }, ["image.png"]), "Berth\tShip\n1\tMarie\n")
  assert.equal(brought({ "text/html": "<p>Berth 1</p>" }, ["image.png"]), "Berth 1")
  assert.equal(brought({ "text/rtf": "{\\rtf1\\ansi Berth 1}" }, ["image.png"]), "Berth 1")
})

test("transfers: a file has no words, however its name comes along", () => {
  assert.equal(brought({}, ["tide.png"]), "")
  assert.equal(brought({ "text/plain": "tide.png" }, ["tide.png"]), "")
  assert.equal(brought({ "text/plain": "C:\\pictures\\tide.png" }, ["tide.png"]), "")
  assert.equal(brought({ "text/plain": "file:///home/ana/low%20tide.png\n" }, ["low tide.png"]), "")
  assert.equal(brought({ "text/html": '<img src="https://example.org/tide.png">' }, ["image.png"]), "")
  const address = "https://example.org/tide.png"
  assert.equal(brought({ "text/plain": address, "text/uri-list": address }, ["image.png"]), "")
})

test("transfers: words that name a file among others are words", () => {
  assert.equal(brought({ "text/plain": "See tide.png\ntide.png" }, ["tide.png"]), "See tide.png\ntide.png")
})

test("transfers: rich text without its looks", () => {
  const rtf =
    "{\\rtf1\\ansi{\\fonttbl{\\f0 Arial;}}{\\colortbl;\\red0;}\\f0\\b Caf\\'e9\\b0\\par \\u1082?ran\\tab 1 \\{x\\}}"
  assert.equal(textOfRtf(rtf), "Café\nкran\t1 {x}")
  assert.equal(textOfRtf("{\\rtf1{\\pict\\pngblip 89504e47}}"), "")
  assert.equal(textOfRtf("no rich text"), "")
})
