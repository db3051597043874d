// The open room as it stands on the page. What its list shows stands on it: `data-from` when older messages are
// left out, `data-to` when newer ones are.

import { all, find, one } from "../page/dom.js"

/** @returns {HTMLElement | null} */
export const openRoom = () => find(document, ".chat[data-room]")
/** @param {HTMLElement} room */
export const logOf = (room) => one(room, ".chat__log")
/** @param {HTMLElement} room */
export const listOf = (room) => one(room, ".chat__messages")
/** @param {HTMLElement} room */
export const messagesOf = (room) => all(listOf(room), ":scope > .message:not(.message--pending)")
/** @param {HTMLElement} message */
export const keyOf = (message) => Number(message.id.slice("message-".length))
/** @param {string | number} key */
export const messageWith = (key) => document.getElementById(`message-${key}`)
/** @param {HTMLElement} room */
export const isLookedAt = (room) => document.hasFocus() && !document.hidden && logOf(room).checkVisibility()
/** @param {HTMLElement} room */
export const isFollowing = (room) => logOf(room).dataset.following === "true"
/** @param {HTMLElement} room @returns {HTMLTextAreaElement | null} */
export const composerOf = (room) => find(room, ".chat__foot .composer__field")

/** The text of a message on one line, as others quote it. @param {HTMLElement} message */
export const textOf = (message) =>
  (one(message, ".entry__text").textContent ?? "").trim().replace(/\s+/g, " ").slice(0, 200)
