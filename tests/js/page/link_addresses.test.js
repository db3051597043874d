import assert from "node:assert/strict"
import { test } from "node:test"
import { addressBeside } from "../../../static/js/page/link_addresses.js"

const ours = "https://board.example"

test("addresses: a link says where it leads, once", () => {
  const tides = "https://tides.example/2027"
  assert.equal(addressBeside("the tables", tides, ours), tides)
  for (const text of [tides, "tides.example/2027", " https://tides.example/2027/ "])
    assert.equal(addressBeside(text, tides, ours), "")
})

test("addresses: what leads within the board has none", () => {
  for (const href of ["/projects/TIDE/", `${ours}/projects/TIDE/`, "#comment-1", "mailto:ana@example.org"])
    assert.equal(addressBeside("there", href, ours), "")
  assert.equal(addressBeside("there", "https://board.example.evil/", ours), "https://board.example.evil/")
})
