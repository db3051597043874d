// The events that scripts send each other through the document: docs/javascript.md lists them.

/** @import { Op, Placed } from "../realtime/frames.js" */

/**
 * What is sent to the open pages and not stored: one of these.
 * @typedef {{
 *   typing?: {room: number, user: number, name: string, on: boolean},
 *   read?: {room: number, last_read_id: number},
 *   subscription?: {room: number, level: string},
 *   told?: string,
 * }} Ephemeral
 */

/**
 * @typedef {{
 *   "realtime:applied": Op[],
 *   "realtime:reloaded": null,
 *   "realtime:placed": Placed,
 *   "realtime:connected": null,
 *   "realtime:ephemeral": Ephemeral,
 *   "chat:reply": number,
 *   "chat:scrolled": null,
 *   "chat:subscribed": {room: string, level: string},
 * }} PageEvents
 */

/**
 * @template {keyof PageEvents} K
 * @param {K} name
 * @param {PageEvents[K]} detail
 */
export function dispatch(name, detail) {
  document.dispatchEvent(new CustomEvent(name, { detail }))
}

/**
 * @template {keyof PageEvents} K
 * @param {K} name
 * @param {(detail: PageEvents[K]) => void} handler
 */
export function listen(name, handler) {
  document.addEventListener(name, (event) => handler(/** @type {CustomEvent} */ (event).detail))
}
