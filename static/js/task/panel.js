// The open task: shown beside the board without leaving it, and its forms sent without a new page.
// Everything here also works as plain links and forms.

import { nameBranch } from "./branch_name.js"
import { change, openTask, release } from "../realtime/live.js"
import { entitle, localTimes } from "../page/page.js"

const words = JSON.parse(document.getElementById("board-words")?.textContent ?? "{}")
const work = document.getElementById("work")
const drawer = () => document.querySelector(".drawer[data-task]")
const isPage = () => !!document.querySelector(".task-page")
let cameFrom = null
let asked = 0 // how often one was opened or closed: an answer that comes after the next wish is dropped

async function show(url, { push = true, focus = ".drawer__title" } = {}) {
  const mine = ++asked
  const answer = await fetch(url, { headers: { "X-Fragment": "drawer" } }).catch(() => null)
  if (mine !== asked) return
  if (!answer?.ok || answer.redirected) return location.assign(url)
  const template = document.createElement("template")
  template.innerHTML = (await answer.text()).trim()
  const fresh = template.content.firstElementChild
  drawer()?.remove()
  work.append(fresh)
  if (push) history.pushState({ drawer: true }, "", url)
  ready(fresh)
  if (focus) fresh.querySelector(focus)?.focus({ preventScroll: true })
}

function close({ push = true } = {}) {
  asked += 1
  const open = drawer()
  if (!open) return
  const id = open.dataset.task
  open.remove()
  openTask(null)
  entitle(`${document.querySelector(".board__title").textContent} · Team Board`)
  mark(null)
  if (push)
    history.pushState(
      {},
      "",
      document.querySelector("[data-project]").dataset.home ?? location.pathname.replace(/tasks\/\d+\/$/, ""),
    )
  const link = document.querySelector(`#task-${id} .card__link`) ?? cameFrom
  link?.focus()
}

function ready(open) {
  localTimes(open)
  openTask(Number(open.dataset.task), Number(open.dataset.seq))
  entitle(
    `${open.querySelector(".crumb .num").textContent} ${open.querySelector(".drawer__title").textContent} · Team Board`,
  )
  mark(open.dataset.task)
  followCard(open)
  restoreDrafts(open)
  wordsChanged(open)
  nameBranch(open)
  open.querySelector(".attempt[data-latest]")?.setAttribute("open", "")
}

function mark(id) {
  for (const card of document.querySelectorAll(".card[aria-current]")) card.removeAttribute("aria-current")
  if (id) document.querySelector(`#task-${id} .card`)?.setAttribute("aria-current", "true")
}

/** The open task's card is in sight beside it, also when it goes to another column. */
function followCard(open) {
  const card = document.querySelector(`#task-${open.dataset.task} .card`)
  const column = card?.closest(".column").id
  if (!card || column === open.dataset.seenIn) return
  open.dataset.seenIn = column
  card.scrollIntoView({ block: "nearest", inline: "nearest" })
}

// Links: a card, a subtask, the parent; close and back.

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
  const opener = event.target.closest(".card__link, .note__action[href], a.chip, a[data-opens]")
  const closer = event.target.closest("a[data-closes]")
  if (isPage()) return
  if (opener) {
    event.preventDefault()
    cameFrom = opener
    show(opener.href)
  } else if (closer) {
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
  const open = drawer()
  if (!open || isPage() || event.defaultPrevented) return
  if (event.key === "Escape" && !event.target.closest("dialog, details.menu[open], details.edit[open]")) close()
  else if (event.key === "F6") {
    event.preventDefault()
    const inside = open.contains(document.activeElement)
    ;(inside
      ? document.querySelector(`#task-${open.dataset.task} .card__link`)
      : open.querySelector(".drawer__title")
    )?.focus()
  }
})

// Forms: the answer is the frame that redraws what changed.

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".drawer form")
  if (!form) return
  event.preventDefault()
  await send(form, event.submitter)
})

async function send(form, submitter, more = {}) {
  if (form.ariaBusy === "true") return
  const url = submitter?.getAttribute("formaction") ?? form.getAttribute("action")
  const fields = [...new FormData(form, submitter?.name ? submitter : null)].filter(([name]) => isSent(form, name))
  form.ariaBusy = "true"
  clearRefusal(form)
  const open = [...form.closest(".drawer").querySelectorAll("details[open]:not(.attempt, .attempt__sent)")].filter(
    (one) => one.contains(form),
  )
  const refusal = await change(url, [...fields, ...Object.entries(more)])
  form.ariaBusy = "false"
  if (refusal) return refused(form, submitter, refusal)
  forgetDrafts(form)
  for (const one of open) one.open = false
  if (!form.matches("[data-edit]"))
    for (const input of form.querySelectorAll("[data-draft], .quick-add__title")) empty(input)
  release()
  wordsChanged(drawer())
  if (document.activeElement === document.body) drawer()?.querySelector(".drawer__title").focus({ preventScroll: true })
}

/** Of a text that is edited only what differs from what was shown, so that another's change of the rest stands. */
function isSent(form, name) {
  const field = form.elements[name]
  return (
    name !== "csrfmiddlewaretoken" &&
    !(form.matches("[data-edit]") && field.matches("[data-draft]") && field.value === field.defaultValue)
  )
}

function empty(input) {
  input.value = ""
  delete input.dataset.editing
}

function refused(form, submitter, refusal) {
  if (refusal.code === "open_subtasks") return ask(form, submitter, refusal)
  if (refusal.code === "conflict" && refusal.current && form.matches("[data-edit]")) return bothTexts(form, refusal)
  const line = document.createElement("p")
  line.className = "field__error refusal"
  line.role = "alert"
  line.textContent = refusal.message
  form.append(line)
  if (form.matches(".facts__item")) form.reset()
}

function ask(form, submitter, refusal) {
  const line = Object.assign(document.createElement("p"), {
    className: "field__error refusal",
    role: "alert",
    textContent: `${refusal.message} `,
  })
  const button = Object.assign(document.createElement("button"), {
    type: "button",
    className: "button button--small",
    textContent: words.anyway,
  })
  button.onclick = () => send(form, submitter, { anyway: "1" })
  line.append(button)
  form.append(line)
  button.focus()
}

/** Somebody changed the same field: both texts stand there until one is chosen. */
function bothTexts(form, refusal) {
  form.elements.version.value = refusal.version
  for (const [name, theirs] of Object.entries(refusal.current)) {
    const box = Object.assign(document.createElement("div"), { className: "refusal conflict", role: "alert" })
    const said = Object.assign(document.createElement("p"), { className: "field__error", textContent: refusal.message })
    const text = Object.assign(document.createElement("blockquote"), {
      className: "conflict__text",
      textContent: theirs,
    })
    const take = Object.assign(document.createElement("button"), {
      type: "button",
      className: "button button--small",
      textContent: words.take_theirs,
    })
    const keep = Object.assign(document.createElement("button"), {
      className: "button button--small",
      textContent: words.keep_mine,
    })
    take.onclick = () => {
      form.elements[name].value = theirs
      box.remove()
    }
    box.append(said, text, keep, take)
    form.elements[name].after(box)
  }
}

function clearRefusal(form) {
  for (const line of form.querySelectorAll(".refusal")) line.remove()
}

document.addEventListener("change", (event) => {
  const form = event.target.closest(".drawer form.facts__item")
  if (form) form.requestSubmit()
})

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return
  const form = event.target.closest(".drawer form")
  if (form) form.requestSubmit()
})

// Drafts: what is half written is kept in this browser until it is saved.

function draftKey(field) {
  return `draft:${document.body.dataset.me}:${drawer()?.dataset.task}:${field.name}`
}

document.addEventListener("input", (event) => {
  const field = event.target.closest(".drawer [data-draft]")
  if (!field) return
  try {
    localStorage.setItem(
      draftKey(field),
      JSON.stringify({ text: field.value, version: field.form.elements.version?.value }),
    )
  } catch {
    // A browser that keeps nothing: the text stays in the field.
  }
  wordsChanged(drawer())
})

/** An edit goes on from the version it began at, so that what changed since is a conflict and not overwritten. */
function restoreDrafts(open) {
  for (const field of open.querySelectorAll("[data-draft]")) {
    const draft = JSON.parse(localStorage.getItem(draftKey(field)))
    if (!draft || draft.text === field.value) continue
    field.value = draft.text
    if (!draft.version) continue
    field.form.elements.version.value = Math.min(field.form.elements.version.value, draft.version)
    field.closest("details").open = true
  }
}

function forgetDrafts(form) {
  for (const field of form.querySelectorAll("[data-draft]")) localStorage.removeItem(draftKey(field))
}

// A subtask half typed holds its part as it is; an edit opened again goes on where it was left.

document.addEventListener("input", (event) => {
  if (event.target.matches(".drawer .quick-add__title"))
    event.target.toggleAttribute("data-editing", !!event.target.value)
})

document.addEventListener(
  "toggle",
  (event) => {
    if (event.target.matches(".drawer .edit[open]")) restoreDrafts(event.target)
  },
  true,
)

/** Sending back needs words: its button sleeps until there are some. */
function wordsChanged(open) {
  const field = open?.querySelector(".composer__field")
  for (const button of open?.querySelectorAll("[data-with-words]") ?? []) button.disabled = !field?.value.trim()
}

document.addEventListener("board:changed", () => {
  const open = drawer()
  if (!open) return
  mark(open.dataset.task)
  followCard(open)
  wordsChanged(open)
  nameBranch(open)
  const latest = open.querySelector(".attempt[data-latest]")
  if (latest && !latest.dataset.seen) {
    latest.dataset.seen = ""
    latest.open = true
  }
})

/** The board was taken anew: so is the task, and who is writing goes on. */
document.addEventListener("board:renewed", () => {
  const isWriting = document.activeElement.matches(".composer__field")
  if (drawer()) show(location.href, { push: false, focus: isWriting ? ".composer__field" : null })
})

if (drawer()) ready(drawer())
