// What is half written is kept in this browser until it is sent or saved.

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} DraftStorage */

/**
 * @template T
 * @param {string} key
 * @param {DraftStorage} [storage]
 * @returns {T | null}
 */
export function readDraft(key, storage = globalThis.localStorage) {
  try {
    return JSON.parse(storage.getItem(key) ?? "null")
  } catch {
    return null
  }
}

/**
 * Keep `draft`; with null forget what was kept. A browser that keeps nothing leaves the text where it is.
 * @param {string} key
 * @param {unknown} draft
 * @param {DraftStorage} [storage]
 */
export function keepDraft(key, draft, storage = globalThis.localStorage) {
  try {
    if (draft === null) storage.removeItem(key)
    else storage.setItem(key, JSON.stringify(draft))
  } catch {
    // It stays on the page.
  }
}
