// What is being sent, kept in this browser until the server has it.

/** @typedef {{client_message_id: string, text: string, reply_to: string, files: {id: string, name: string}[], failed?: string}} Letter */

export class OutboxStore {
  #key
  #storage

  /**
   * @param {string} key
   * @param {Pick<Storage, "getItem" | "setItem" | "removeItem">} storage
   */
  constructor(key, storage = globalThis.localStorage) {
    this.#key = key
    this.#storage = storage
  }

  get key() {
    return this.#key
  }

  /** @returns {Letter[]} in the order they were written */
  get letters() {
    try {
      return JSON.parse(this.#storage.getItem(this.#key) ?? "null") ?? []
    } catch {
      return []
    }
  }

  /** @param {Letter} letter */
  add(letter) {
    this.#keep([...this.letters, letter])
  }

  /**
   * @param {string} id
   * @param {string} sentence why it was not sent
   */
  fail(id, sentence) {
    this.#keep(
      this.letters.map((letter) => (letter.client_message_id === id ? { ...letter, failed: sentence } : letter)),
    )
  }

  /** @param {string} id */
  remove(id) {
    this.#keep(this.letters.filter((letter) => letter.client_message_id !== id))
  }

  /** @param {Letter[]} letters */
  #keep(letters) {
    try {
      if (letters.length) this.#storage.setItem(this.#key, JSON.stringify(letters))
      else this.#storage.removeItem(this.#key)
    } catch {
      // A browser that keeps nothing: the letter stays on the page.
    }
  }
}
