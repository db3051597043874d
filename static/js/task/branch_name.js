// The name to give a task's branch: with the reader's own name in it, and copied by a click.

import { toast } from "../page/page.js"

/** The section is drawn once for everybody; where it says {user} each reader's own name belongs. */
export function nameBranch(open) {
  for (const name of open.querySelectorAll("[data-branch]")) {
    const mine = name.dataset.branch.replace("{user}", open.dataset.branchUser)
    if (name.textContent !== mine) name.textContent = mine
  }
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copies]")
  if (!button) return
  const { copied, notCopied } = button.dataset
  const name = button.closest("form").querySelector("[data-branch]")
  const isCopied = await navigator.clipboard?.writeText(name.textContent).then(
    () => true,
    () => false,
  )
  if (!isCopied) getSelection().selectAllChildren(name) // not every browser lets a page copy
  toast(isCopied ? copied : notCopied)
})
