// A message that somebody wants to be told of, shown by the browser while none of our pages is in sight.
// Each page that hears of it asks the others first; the message's key keeps two pages from showing it twice.

const ANSWER_WITHIN = 200 // milliseconds

const me = document.body.dataset.me
const others = new BroadcastChannel("chat-notice")
const told = new Set()
const isInSight = () => !document.hidden && document.hasFocus()
const inSight = new Set() // keys of messages that another page has in sight

others.onmessage = ({ data: { asked, seen } }) => {
  if (asked && isInSight()) others.postMessage({ seen: asked })
  if (seen) inSight.add(seen)
}

/** Tell of the message that `op` has put, if its room's `level` wants that. */
export async function notify(op, level, isCalled) {
  if (level === "none" || (level === "mentions" && !isCalled)) return
  if (globalThis.Notification?.permission !== "granted" || isInSight() || told.has(op.id)) return
  const message = messageOf(op.html)
  if (message.dataset.author === me || message.matches(".message--system")) return
  told.add(op.id)
  others.postMessage({ asked: op.id })
  await new Promise((resolve) => setTimeout(resolve, ANSWER_WITHIN))
  if (!inSight.has(op.id)) tell(op, message)
}

function messageOf(html) {
  const template = document.createElement("template")
  template.innerHTML = html.trim()
  return template.content.firstElementChild
}

function tell(op, message) {
  const text = message.querySelector(".entry__text").textContent.trim().slice(0, 200)
  const notice = new Notification(message.querySelector(".entry__byline b").textContent, {
    body: text,
    tag: op.id,
    lang: document.documentElement.lang,
  })
  notice.onclick = () => {
    focus()
    notice.close()
    location.assign(addressOf(op))
  }
}

function addressOf(op) {
  const room = new URL(document.querySelector("[data-chat-tab]").href)
  room.pathname += `${op.parent.slice("room-".length)}/`
  room.searchParams.set("around", op.id.slice("message-".length))
  return room
}
