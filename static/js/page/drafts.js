// What is half written is kept in this browser until it is sent or saved: by each page for itself, so that two tabs do
// not overwrite each other's. What a page leaves behind goes to the next one at the same place.

import { now } from "./clock.js"
import { uuid } from "./uuid.js"

/**
 * `id` stands for these words, and goes with them: under it the server takes them once. `tried` are the words that were
 * sent and may have arrived; other words are another draft.
 * @typedef {{id: string, text: string, at: number, tried?: string, isLeft?: boolean, version?: string, reply?: string}} Draft
 */
/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem" | "key" | "length">} DraftStorage */
/** @typedef {Pick<BroadcastChannel, "postMessage"> & {onmessage: ((event: MessageEvent) => void) | null}} Channel */
/** @typedef {{ask?: string, here?: string, sent?: {place: string, id: string, text: string}}} Word */

const PATIENCE = 1_000 // milliseconds that another page has to say that it is there

export class Drafts {
  /** @type {Map<string, Draft>} by place */
  #mine = new Map()
  /** @type {Set<string>} pages that have answered */
  #here = new Set()
  /** @type {((place: string, text: string) => void)[]} */
  #onSent = []
  #page
  #before
  #storage
  #channel
  #patience

  /**
   * @param {{page: string, before?: string | null, storage: DraftStorage, channel: Channel, patience?: number}} of
   *   `before` is the page that this tab had before
   */
  constructor({ page, before = null, storage, channel, patience = PATIENCE }) {
    this.#page = page
    this.#before = before
    this.#storage = storage
    this.#channel = channel
    this.#patience = patience
    channel.onmessage = ({ data }) => this.#hear(data)
  }

  /** This page's own. @param {string} place @returns {Draft | null} */
  read(place) {
    return this.#mine.get(place) ?? null
  }

  /**
   * Keep these words; none are no draft. Whether the browser keeps them when the page goes.
   * @param {string} place
   * @param {{text: string, version?: string, reply?: string}} written
   */
  keep(place, written) {
    if (!written.text && !written.reply) return this.forget(place)
    const old = this.read(place)
    const isOther = !old || (old.tried !== undefined && old.tried !== written.text)
    const draft = { id: isOther ? uuid() : old.id, tried: isOther ? undefined : old.tried, ...written, at: now() }
    this.#mine.set(place, draft)
    return this.#put(place, draft)
  }

  /** @param {string} place */
  forget(place) {
    this.#mine.delete(place)
    return this.#remove(this.#keyOf(place))
  }

  /** They are being sent: the id for them. @param {string} place @param {string} text */
  attempt(place, text) {
    const { version, reply } = this.read(place) ?? {}
    this.keep(place, { text, version, reply })
    const draft = this.read(place)
    if (!draft) return uuid()
    draft.tried = text
    this.#put(place, draft)
    return draft.id
  }

  /** The server has other words under their id. @param {string} place */
  renew(place) {
    const draft = this.read(place)
    if (draft) this.#put(place, Object.assign(draft, { id: uuid(), tried: undefined }))
  }

  /** They have arrived; other pages that hold the same draft hear of it. @param {string} place */
  sent(place) {
    const draft = this.read(place)
    this.forget(place)
    if (draft) this.#tell({ sent: { place, id: draft.id, text: draft.text } })
  }

  /** Have `handler` told of words that another page has sent, and this one shows as well. @param {(place: string, text: string) => void} handler */
  onSentElsewhere(handler) {
    this.#onSent.push(handler)
  }

  /**
   * This page's own draft, or the one that a page which is gone has left: from now on it is this page's.
   * @param {string} place
   * @returns {Promise<Draft | null>}
   */
  async adopt(place) {
    const found = this.read(place) ?? this.#take(place, (key, draft) => draft.isLeft || key === place)
    if (found || !this.#othersAt(place).length) return found
    this.#here.clear()
    this.#tell({ ask: this.#page })
    await new Promise((resolve) => setTimeout(resolve, this.#patience))
    return this.read(place) ?? this.#take(place, (key) => !this.#here.has(key.slice(place.length + 1)))
  }

  /** The page is going, perhaps to come back. */
  leave() {
    for (const [place, draft] of this.#mine) this.#put(place, { ...draft, isLeft: true })
  }

  /** It is back: whether all that it had is still its own. */
  comeBack() {
    const isWhole = [...this.#mine.keys()].every((place) => this.#get(this.#keyOf(place)))
    if (isWhole) for (const [place, draft] of this.#mine) this.#put(place, draft)
    return isWhole
  }

  /**
   * The draft of another page that `isFree`: the one that this tab had before, else the latest.
   * @param {string} place
   * @param {(key: string, draft: Draft) => unknown} isFree
   */
  #take(place, isFree) {
    /** @param {{key: string, draft: Draft}} found */
    const worth = ({ key, draft }) => (key === `${place}@${this.#before}` ? Number.POSITIVE_INFINITY : draft.at)
    const free = this.#othersAt(place).filter(({ key, draft }) => isFree(key, draft))
    const best = free.sort((one, other) => worth(other) - worth(one))[0]
    if (!best) return null
    const draft = { ...best.draft, isLeft: undefined }
    this.#mine.set(place, draft)
    if (this.#put(place, draft)) this.#remove(best.key)
    return draft
  }

  /** @param {string} place */
  #othersAt(place) {
    const keys = this.#keys().filter((key) => key === place || key.startsWith(`${place}@`))
    return keys.flatMap((key) => {
      const draft = key === this.#keyOf(place) ? null : this.#get(key)
      return draft ? [{ key, draft: { ...draft, id: draft.id ?? uuid(), at: draft.at ?? 0 } }] : []
    })
  }

  /** @param {Word} word */
  #hear({ ask, here, sent }) {
    if (ask) this.#tell({ here: this.#page })
    if (here) this.#here.add(here)
    const mine = sent && this.read(sent.place)
    if (!mine || mine.id !== sent.id) return
    if (mine.text !== sent.text) return this.renew(sent.place)
    this.forget(sent.place)
    for (const handler of this.#onSent) handler(sent.place, sent.text)
  }

  /** @param {Word} word */
  #tell(word) {
    this.#channel.postMessage(word)
  }

  /** @param {string} place */
  #keyOf(place) {
    return `${place}@${this.#page}`
  }

  #keys() {
    try {
      return Array.from({ length: this.#storage.length }, (_, at) => this.#storage.key(at) ?? "")
    } catch {
      return []
    }
  }

  /** @param {string} key @returns {Draft | null} */
  #get(key) {
    try {
      return JSON.parse(this.#storage.getItem(key) ?? "null")
    } catch {
      return null
    }
  }

  /** @param {string} place @param {Draft} draft */
  #put(place, draft) {
    try {
      this.#storage.setItem(this.#keyOf(place), JSON.stringify(draft))
      return true
    } catch {
      return false // A browser that keeps nothing: the words stay on the page.
    }
  }

  /** @param {string} key */
  #remove(key) {
    try {
      this.#storage.removeItem(key)
    } catch {
      // It was not kept.
    }
    return true
  }
}
