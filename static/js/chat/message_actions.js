// What the menu of a message does: react, reply, link to it, talk about it in a task, make one of it, edit and delete it.

import { openDialog } from "../page/dialogs.js"
import { make, one } from "../page/dom.js"
import { dispatch } from "../page/events.js"
import { toast } from "../page/toasts.js"
import { chatWords } from "../page/words.js"
import { editMessage } from "./message_edit.js"
import { formAt, post, posted, urlOf } from "./message_forms.js"
import { keyOf, openRoom } from "./room_elements.js"

/** @param {string} right */
export const can = (right) => !!openRoom()?.dataset.can?.split(" ").includes(right)

/**
 * @param {HTMLElement} message
 * @param {string} emoji
 */
export const react = (message, emoji) => post(urlOf(message, "react"), { emoji })

/** @type {Record<string, (message: HTMLElement) => unknown>} by `data-action` of the menu's buttons */
export const actions = {
  reply: (message) => dispatch("chat:reply", keyOf(message)),
  link: copyLink,
  previews: (message) => post(urlOf(message, "previews")),
  pin: (message) => post(urlOf(message, "pin")),
  task: (message) => ask(urlOf(message, "task")),
  discuss: (message) => ask(urlOf(message, "discuss")),
  revisions: (message) => location.assign(urlOf(message, "revisions")),
  edit: editMessage,
  delete: (message) => ask(urlOf(message, "delete")),
}

/** @param {HTMLElement} message */
async function copyLink(message) {
  const address = new URL(`${openRoom()?.dataset.url}?around=${keyOf(message)}`, location.href).href
  const isCopied = await navigator.clipboard?.writeText(address).then(
    () => true,
    () => false,
  )
  if (isCopied) toast(chatWords().copied)
  else location.assign(address) // not every browser lets a page copy: then it stands in the address bar
}

/** Some questions are pages of their own whose form is asked here. @param {string} url */
async function ask(url) {
  const form = await formAt(url)
  if (!form) return
  const dialog = make("dialog", { className: "sheet" }, form)
  dialog.setAttribute("aria-labelledby", one(form, ".sheet__title").id)
  one(form, "[data-cancel]").onclick = (event) => {
    event.preventDefault()
    dialog.close()
  }
  form.onsubmit = async (event) => {
    event.preventDefault()
    if (await posted(form)) dialog.close()
  }
  openDialog(dialog)
}
