// The session is over: the page asks for nothing any more, and says so.

import { make } from "../page/dom.js"
import { lastingToast } from "../page/toasts.js"
import { boardWords } from "../page/words.js"

export const isSignedOut = () => document.documentElement.dataset.live === "signed-out"

/** Its own address leads to the sign-in page. */
export function signedOut() {
  if (isSignedOut()) return
  document.documentElement.dataset.live = "signed-out"
  const line = document.getElementById("live-line")
  if (line) line.hidden = true
  const href = location.pathname + location.search
  lastingToast(boardWords.signed_out, make("a", { href, textContent: boardWords.sign_in }))
}
