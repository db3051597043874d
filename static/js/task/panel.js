// The open task: shown beside the board without leaving it. Everything here also works as plain links and forms.

import "./panel_form.js"
import { askToDiscard } from "../page/dialogs.js"
import { closest, elementOf, find, isPlainClick, one } from "../page/dom.js"
import { listen } from "../page/events.js"
import { fragment } from "../page/requests.js"
import { localTimes } from "../page/times.js"
import { entitle } from "../page/title.js"
import { openTask } from "../realtime/connection.js"
import { showBranchName } from "./branch_name.js"
import { cardLinkOf, enableButtons, followCard, markCard, openPanel } from "./panel_parts.js"
import { restoreDrafts } from "./task_drafts.js"

const isPage = () => !!find(document, ".task-page")
/** @type {HTMLElement | null} */
let cameFrom = null
let asked = 0 // how often one was opened or closed: an answer that comes after the next wish is dropped

/**
 * @param {string} url
 * @param {{push?: boolean, focus?: string | null}} [options]
 */
async function show(url, { push = true, focus = ".drawer__title" } = {}) {
  const mine = ++asked
  const html = await fragment(url, "drawer")
  if (mine !== asked) return
  if (html === null) return location.assign(url)
  const panel = elementOf(html)
  openPanel()?.remove()
  one(document, "#work").append(panel)
  if (push) history.pushState({ drawer: true }, "", url)
  ready(panel)
  if (focus) find(panel, focus)?.focus({ preventScroll: true })
}

function close({ push = true } = {}) {
  asked += 1
  const panel = openPanel()
  if (!panel) return
  const { task } = panel.dataset
  panel.remove()
  openTask(null)
  entitle(`${one(document, ".board__title").textContent} · Team Board`)
  markCard()
  const home = one(document, "[data-project]").dataset.home ?? location.pathname.replace(/tasks\/\d+\/$/, "")
  if (push) history.pushState({}, "", home)
  const link = cardLinkOf(task) ?? cameFrom
  link?.focus()
}

/** @param {HTMLElement} panel */
function ready(panel) {
  localTimes(panel)
  openTask(Number(panel.dataset.task), Number(panel.dataset.seq))
  entitle(`${one(panel, ".crumb .num").textContent} ${one(panel, ".drawer__title").textContent} · Team Board`)
  markCard(panel.dataset.task)
  followCard(panel)
  restoreDrafts(panel)
  enableButtons()
  showBranchName(panel)
  find(panel, ".attempt[data-latest]")?.setAttribute("open", "")
}

// Links: a card, a subtask, the parent; close and back.

document.addEventListener("click", (event) => {
  if (!isPlainClick(event) || isPage()) return
  /** @type {HTMLAnchorElement | null} */
  const opener = closest(event, ".card__link, .note__action[href], a.chip, a[data-opens]")
  if (opener) {
    event.preventDefault()
    cameFrom = opener
    show(opener.href)
  } else if (closest(event, "a[data-closes]")) {
    event.preventDefault()
    close()
  }
})

addEventListener("popstate", () => {
  if (isPage()) return
  if (/\/tasks\/\d+\/$/.test(location.pathname)) show(location.href, { push: false })
  else close({ push: false })
})

document.addEventListener("keydown", (event) => {
  const panel = openPanel()
  if (!panel || isPage() || event.defaultPrevented) return
  if (event.key === "Escape" && !closest(event, "dialog, details.menu[open], details.edit[open]")) {
    event.preventDefault() // it would close the question as well
    askToDiscard(panel, close)
  } else if (event.key === "F6") {
    event.preventDefault()
    const isInside = panel.contains(document.activeElement)
    const other = isInside ? cardLinkOf(panel.dataset.task) : find(panel, ".drawer__title")
    other?.focus()
  }
})

listen("realtime:applied", () => {
  const panel = openPanel()
  if (!panel) return
  markCard(panel.dataset.task)
  followCard(panel)
  enableButtons()
  showBranchName(panel)
  /** @type {HTMLDetailsElement | null} */
  const latest = find(panel, ".attempt[data-latest]")
  if (latest && !latest.dataset.seen) {
    latest.dataset.seen = ""
    latest.open = true
  }
})

/** The board was read anew: so is the task, and who is writing goes on. */
listen("realtime:reloaded", () => {
  const isWriting = document.activeElement?.matches(".composer__field")
  if (openPanel()) show(location.href, { push: false, focus: isWriting ? ".composer__field" : null })
})

const panel = openPanel()
if (panel) ready(panel)
