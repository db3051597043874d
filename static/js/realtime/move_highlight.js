// A card that somebody else has moved says so for a while, in their colour.

/** @import { Op } from "./frames.js" */
import { make, one } from "../page/dom.js"
import { fill } from "../page/sentences.js"
import { boardWords } from "../page/words.js"

const SHOWN_FOR = 6_000

/**
 * @param {HTMLElement} item
 * @param {NonNullable<Op["by"]>} by
 */
export function showMove(item, by) {
  const card = one(item, ".card")
  card.dataset.moved = ""
  card.dataset.hue = by.hue
  const sentence = make("span", { className: "note__text", textContent: fill(boardWords.moved_by, { name: by.name }) })
  const note = make("p", { className: "note note--moved" }, sentence)
  card.append(note)
  setTimeout(() => {
    note.remove()
    delete card.dataset.moved
    delete card.dataset.hue
  }, SHOWN_FOR)
}
