// What one can do with a message: react, answer, link to it, talk about it in a task, make one of it, edit and delete it.

import { change, release } from "../realtime/live.js"
import { jumpTo, openRoom, pkOf, words } from "./history.js"
import { isComposing, toast } from "../page/page.js"

const urlOf = (message, action) => `${openRoom().dataset.home}messages/${pkOf(message)}/${action}/`
const can = (what) => openRoom().dataset.can.split(" ").includes(what)
export const textOf = (message) =>
  message.querySelector(".entry__text").textContent.trim().replace(/\s+/g, " ").slice(0, 200)

// The menu: one for all messages, put into the one it was asked for.

let menu = null

function openMenu(message) {
  closeMenu()
  menu = openRoom().querySelector(".chat__menu").content.firstElementChild.cloneNode(true)
  const isMine = "mine" in message.dataset
  for (const choice of menu.querySelectorAll("[data-needs]")) {
    choice.hidden = !choice.dataset.needs
      .split(" ")
      .some((need) => (need === "mine" ? isMine && can("comment") : can(need)))
  }
  if (!message.querySelector(".preview")) menu.querySelector("[data-only-previewed]").remove()
  for (const name of menu.querySelectorAll("[data-when]")) name.hidden = name.dataset.when !== message.dataset.pinned
  if (!message.querySelector(".message__edited")) menu.querySelector("[data-only-edited]").remove()
  const opener = message.querySelector(".message__more")
  opener.ariaExpanded = "true"
  message.append(menu)
  message.dataset.held = ""
  menu.toggleAttribute("data-up", isLow(message))
  choices()[0].focus({ preventScroll: true })
  menu.scrollIntoView({ block: "nearest" })
}

function isLow(message) {
  const log = message.closest(".chat__log").getBoundingClientRect()
  const { top } = message.getBoundingClientRect()
  return top + menu.offsetHeight + 40 > log.bottom && top - menu.offsetHeight > log.top
}

const choices = () => [...menu.querySelectorAll("button")].filter((one) => one.checkVisibility())

function closeMenu({ focus = false } = {}) {
  if (!menu) return
  const message = menu.closest(".message")
  const opener = message?.querySelector(".message__more")
  menu.remove()
  menu = null
  if (!message) return
  opener.ariaExpanded = "false"
  if (!message.querySelector(".message__edit")) delete message.dataset.held
  if (focus) message.focus({ preventScroll: true })
  release()
}

document.addEventListener("click", (event) => {
  const opener = event.target.closest(".message__more")
  if (opener)
    return menu && opener.ariaExpanded === "true" ? closeMenu({ focus: true }) : openMenu(opener.closest(".message"))
  if (menu && !menu.contains(event.target)) closeMenu()
})

document.addEventListener("keydown", (event) => {
  const message = event.target.closest?.(".message")
  if (message === event.target && event.key === "Enter") {
    event.preventDefault()
    openMenu(message)
  } else if (menu?.contains(event.target)) inMenu(event)
})

function inMenu(event) {
  const all = choices()
  const at = all.indexOf(document.activeElement)
  const steps = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }
  if (event.key in steps) all[(at + steps[event.key] + all.length) % all.length].focus()
  else if (event.key === "Home" || event.key === "End") all.at(event.key === "Home" ? 0 : -1).focus()
  else if (event.key === "Escape") closeMenu({ focus: true })
  else if (event.key === "Tab") return closeMenu()
  else return
  event.preventDefault()
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".message__menu button")
  if (!button) return
  const message = button.closest(".message")
  closeMenu({ focus: true })
  if (button.dataset.emoji) return react(message, button.dataset.emoji)
  actions[button.dataset.action](message)
})

const actions = {
  reply: (message) => document.dispatchEvent(new CustomEvent("chat:answer", { detail: pkOf(message) })),
  async link(message) {
    const address = new URL(`${openRoom().dataset.url}?around=${pkOf(message)}`, location.href).href
    const isCopied = await navigator.clipboard?.writeText(address).then(
      () => true,
      () => false,
    )
    if (isCopied) toast(words().copied)
    else location.assign(address) // not every browser lets a page copy: then it stands in the address bar
  },
  previews: (message) => post(urlOf(message, "previews")),
  pin: (message) => post(urlOf(message, "pin")),
  task: (message) => openDialog(urlOf(message, "task")),
  discuss: (message) => openDialog(urlOf(message, "discuss")),
  revisions: (message) => location.assign(urlOf(message, "revisions")),
  edit: (message) => edit(message),
  delete: (message) => openDialog(urlOf(message, "delete")),
}

// Reactions

const react = (message, emoji) => post(urlOf(message, "react"), { emoji })

async function post(url, fields = {}) {
  const refusal = await change(url, fields)
  if (refusal && refusal.code !== "offline") toast(refusal.message)
}

document.addEventListener("click", (event) => {
  const reaction = event.target.closest(".reaction")
  if (reaction && can("comment")) react(reaction.closest(".message"), reaction.dataset.emoji)
})

// Editing, in the message's place

async function formAt(url) {
  const answer = await fetch(url, { headers: { "X-Fragment": "form" } }).catch(() => null)
  if (!answer?.ok || answer.redirected) {
    if (answer) toast(words().refused)
    return null
  }
  const template = document.createElement("template")
  template.innerHTML = (await answer.text()).trim()
  return template.content.firstElementChild
}

export async function edit(message) {
  if (message.querySelector(".message__edit")) return
  const form = await formAt(urlOf(message, "edit"))
  if (!form) return
  message.dataset.held = ""
  message.querySelector(".entry__text").after(form)
  const field = form.elements.text
  field.focus()
  field.setSelectionRange(field.value.length, field.value.length)
  message.scrollIntoView({ block: "nearest" })
}

function closeEdit(form) {
  const message = form.closest(".message")
  form.remove()
  delete message.dataset.held
  release()
  openRoom()?.querySelector(".chat__foot .composer__field")?.focus({ preventScroll: true })
}

document.addEventListener("keydown", (event) => {
  const form = event.target.closest?.(".message__edit")
  if (!form || isComposing(event)) return
  if (event.key === "Escape") closeEdit(form)
  else if (
    event.key === "Enter" &&
    event.target.matches("textarea") &&
    !event.shiftKey &&
    !matchMedia("(pointer: coarse)").matches
  )
    form.requestSubmit()
  else return
  event.preventDefault()
})

document.addEventListener("click", (event) => {
  const cancel = event.target.closest(".message__edit [data-cancel]")
  if (!cancel) return
  event.preventDefault()
  closeEdit(cancel.closest("form"))
})

document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".message__edit")
  if (!form) return
  event.preventDefault()
  if (await posted(form)) closeEdit(form)
})

const fieldsOf = (form) => [...new FormData(form)].filter(([name]) => name !== "csrfmiddlewaretoken")

/** Whether the form was taken; if not, its refusal stands in it. */
async function posted(form) {
  const refusal = await change(form.getAttribute("action"), fieldsOf(form))
  form.querySelector(".refusal")?.remove()
  if (!refusal) return true
  form.append(
    Object.assign(document.createElement("p"), {
      className: "field__error refusal",
      role: "alert",
      textContent: refusal.message,
    }),
  )
  return false
}

/** What stands under a message may have buttons too: to stop an agent, to ask it again. */
document.addEventListener("submit", async (event) => {
  const form = event.target.closest(".message form:not(.message__edit)")
  if (!form) return
  event.preventDefault()
  await post(form.getAttribute("action"), fieldsOf(form))
})

// Questions: pages of their own whose form is asked here

async function openDialog(url) {
  const form = await formAt(url)
  if (!form) return
  const dialog = Object.assign(document.createElement("dialog"), { className: "sheet" })
  const title = form.querySelector(".sheet__title")
  dialog.setAttribute("aria-labelledby", title.id)
  dialog.append(form)
  document.body.append(dialog)
  dialog.addEventListener("close", () => dialog.remove())
  form.querySelector("[data-cancel]").onclick = (event) => {
    event.preventDefault()
    dialog.close()
  }
  form.onsubmit = async (event) => {
    event.preventDefault()
    if (await posted(form)) dialog.close()
  }
  dialog.showModal()
}

// From an answer back to what it answers, from what was asked to its answer, from a pin: messages of this room are gone to here

document.addEventListener("click", (event) => {
  const link = event.target.closest(".message a[href], .pin__link")
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return
  const { pathname, searchParams } = new URL(link.href)
  if (pathname !== openRoom().dataset.url || !searchParams.has("around")) return
  event.preventDefault()
  link.closest(".chat__pins")?.removeAttribute("open")
  jumpTo(openRoom(), Number(searchParams.get("around")))
})
