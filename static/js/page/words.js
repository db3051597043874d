// The sentences that scripts show, in the reader's language: js_messages.py of the board and of the chat hold them,
// page_context.py those of every page.

/** @import { Words as RefusalWords } from "../realtime/refusals.js" */
import { jsonIn } from "./dom.js"

/**
 * @typedef {Record<
 *   | "lifted" | "now_at" | "now_in" | "dropped" | "moved" | "added" | "put_back" | "not_moved" | "maybe_moved"
 *   | "moved_by" | "placed" | "show"
 *   | keyof RefusalWords | "not_loaded" | "retry" | "anyway" | "add_anyway" | "open_anyway" | "keep_mine" | "take_theirs"
 *   | "limited" | "signed_out" | "sign_in"
 *   | "keys" | "close" | "space" | "key_next" | "key_column" | "key_open" | "key_shift" | "key_brackets"
 *   | "key_lift" | "key_add" | "key_help", string>} BoardWords
 */
/**
 * @typedef {Record<
 *   | "sending" | "not_sent" | "new" | "gone" | "not_loaded" | "copied" | "refused"
 *   | "not_uploaded" | "still_uploading"
 *   | "one_writes" | "two_write" | "several_write", string>} ChatWords
 */

/** @typedef {Record<"too_long" | "ask_discard" | "discard" | "cancel", string>} PageWords */

/** @type {PageWords} */
export const pageWords = jsonIn("page-words")
/** @type {BoardWords} */
export const boardWords = jsonIn("board-words")

/** The room may come to the page after the scripts. @returns {ChatWords} */
export const chatWords = () => jsonIn("chat-words")
