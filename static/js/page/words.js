// The sentences that scripts show, in the reader's language: js_messages.py of the board and of the chat hold them.

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
 *   | "not_uploaded" | "still_uploading" | "too_long"
 *   | "one_writes" | "two_write" | "several_write", string>} ChatWords
 */

/** @type {BoardWords} */
export const boardWords = jsonIn("board-words")

/** The room may come to the page after the scripts. @returns {ChatWords} */
export const chatWords = () => jsonIn("chat-words")
