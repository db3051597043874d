import assert from "node:assert/strict"
import { readdirSync, readFileSync } from "node:fs"
import { test } from "node:test"

const root = new URL("../../../", import.meta.url)
const scripts = readdirSync(new URL("static/js/", root), { recursive: true })
  .map((path) => String(path).replaceAll("\\", "/"))
  .filter((path) => path.endsWith(".js"))
  .sort()
const textOf = (/** @type {string} */ path) => readFileSync(new URL(path, root), "utf8")

/** Which scripts call `verb` with each event. @param {"dispatch" | "listen"} verb */
function callers(verb) {
  /** @type {Record<string, string[]>} */
  const found = {}
  for (const path of scripts) {
    const calls = textOf(`static/js/${path}`).matchAll(new RegExp(`\\b${verb}\\(\\s*"([^"]+)"`, "g"))
    for (const [, name] of calls) found[name] = [...new Set([...(found[name] ?? []), path])]
  }
  return found
}

/** The list in docs/javascript.md: the scripts in its column by event. @param {number} column */
function documented(column) {
  const rows = textOf("docs/javascript.md").matchAll(/^\| `(\w+:\w+)` \|(.*)\|$/gm)
  const cells = [...rows].map(([, name, rest]) => [name, rest.split(" | ")[column]])
  return Object.fromEntries(
    cells.map(([name, cell]) => [name, [...cell.matchAll(/`([^`]+)`/g)].map((found) => found[1])]),
  )
}

test("events: the documented list is what the scripts do", () => {
  assert.deepEqual(documented(1), sorted(callers("dispatch")))
  assert.deepEqual(documented(2), sorted(callers("listen")))
})

/** In the order of the list. @param {Record<string, string[]>} found */
function sorted(found) {
  const known = Object.keys(documented(1)).filter((name) => name in found)
  const others = Object.keys(found).filter((name) => !known.includes(name))
  return Object.fromEntries([...known, ...others].map((name) => [name, found[name]]))
}

test("events: every one that is dispatched is listened to, and the other way round", () => {
  assert.deepEqual(Object.keys(callers("dispatch")).sort(), Object.keys(callers("listen")).sort())
})

test("events: scripts dispatch by page/events.js alone, which types them", () => {
  const others = scripts.filter((path) => /new CustomEvent\(/.test(textOf(`static/js/${path}`)))
  assert.deepEqual(others, ["page/events.js"])
  const typed = [...textOf("static/js/page/events.js").matchAll(/"(\w+:\w+)":/g)].map((found) => found[1])
  assert.deepEqual(typed.sort(), Object.keys(callers("dispatch")).sort())
})

test("requests: scripts fetch by page/requests.js alone, where answers are lost and not errors", () => {
  const others = scripts.filter((path) => /\bfetch\(/.test(textOf(`static/js/${path}`)))
  assert.deepEqual(others, ["page/requests.js"])
})
