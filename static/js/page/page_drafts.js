// The drafts of this page.

import { Drafts } from "./drafts.js"
import { uuid } from "./uuid.js"

const page = uuid()
const TAB = "drafts:page"

/** The page that this tab had before this one. A tab that is duplicated has its twin's: that one is still there. */
function pageBefore() {
  try {
    const before = sessionStorage.getItem(TAB)
    sessionStorage.setItem(TAB, page)
    return before
  } catch {
    return null
  }
}

/** @returns {import("./drafts.js").DraftStorage} */
function storage() {
  try {
    return localStorage
  } catch {
    const refuse = () => {
      throw new Error("This browser keeps nothing")
    }
    return { length: 0, key: () => null, getItem: () => null, setItem: refuse, removeItem: refuse }
  }
}

export const drafts = new Drafts({
  page,
  before: pageBefore(),
  storage: storage(),
  channel: new BroadcastChannel("drafts"),
})

/** Where a draft of this reader belongs. @param {string} what */
export const placeOf = (what) => `draft:${document.body.dataset.me}:${what}`

addEventListener("pagehide", () => drafts.leave())
addEventListener("pageshow", ({ persisted }) => {
  if (persisted && !drafts.comeBack()) location.reload() // another page has gone on with what stood here
})
