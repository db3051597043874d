// The board: moving cards with the mouse, the keyboard and the menu; adding cards; the next cards of a column.

import "./move_form.js"
import "./quick_add.js"
import "./shortcuts.js"
import { all, find } from "../page/dom.js"
import { listen } from "../page/events.js"
import { board, canWrite, columns } from "./cards.js"
import { makeSortable } from "./drag.js"
import { watchMore } from "./more_cards.js"

function start() {
  if (canWrite) all(board, ".column__list").forEach(makeSortable)
  watchMore()
}

listen("realtime:reloaded", start)
listen("realtime:applied", () => {
  for (const column of columns()) {
    const count = find(board, `.strip__link[href="#${column.id}"] span`)
    if (count) count.textContent = find(column, ".column__count")?.dataset.count ?? ""
  }
})
start()
