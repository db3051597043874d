// The name to give a task's branch: with the reader's own name in it, and copied by a click.

import { all, closest, one } from "../page/dom.js"
import { toast } from "../page/toasts.js"

/** The section is drawn once for everybody; where it says {user} each reader's own name belongs. @param {HTMLElement} panel */
export function showBranchName(panel) {
  for (const name of all(panel, "[data-branch]")) {
    const mine = (name.dataset.branch ?? "").replace("{user}", panel.dataset.branchUser ?? "")
    if (name.textContent !== mine) name.textContent = mine
  }
}

document.addEventListener("click", async (event) => {
  const button = closest(event, "[data-copies]")
  const form = button?.closest("form")
  if (!button || !form) return
  const { copied = "", notCopied = "" } = button.dataset
  const name = one(form, "[data-branch]")
  const isCopied = await navigator.clipboard?.writeText(name.textContent ?? "").then(
    () => true,
    () => false,
  )
  if (!isCopied) getSelection()?.selectAllChildren(name) // not every browser lets a page copy
  toast(isCopied ? copied : notCopied)
})
