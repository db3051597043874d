// Moving cards with the mouse or a finger.

/** @import { Place } from "./cards.js" */
import { all } from "../page/dom.js"
import { board, hold, letGo, listAround, placeOf } from "./cards.js"
import { sendMove } from "./moves.js"

/** @type {WeakMap<HTMLElement, Place>} */
const grabbed = new WeakMap()

/** @param {HTMLElement} list */
export function makeSortable(list) {
  Sortable.create(list, {
    group: "cards",
    draggable: "li[id^='task-']",
    animation: 120,
    delay: 250,
    delayOnTouchOnly: true,
    touchStartThreshold: 6,
    ghostClass: "ghost",
    filter: ".glyph, .button, .column__lesson",
    preventOnFilter: false,
    onStart({ item }) {
      hold(item)
      grabbed.set(item, placeOf(item))
      board.dataset.dragging = ""
    },
    onUpdate: ({ item }) => settle(item),
    onAdd: ({ item }) => settle(item),
    onEnd({ item }) {
      delete board.dataset.dragging
      grabbed.delete(item)
      letGo(item)
    },
  })
}

/** @param {HTMLElement} item */
function settle(item) {
  const was = grabbed.get(item)
  keepFootLast(listAround(item))
  if (was) sendMove(item, was)
}

/** @param {HTMLElement} list */
function keepFootLast(list) {
  list.append(...all(list, ":scope > .column__none"))
}
