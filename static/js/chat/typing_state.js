// Who is writing where, and what is said of them.

import { fill } from "../page/sentences.js"

const SENT_EVERY = 10_000 // milliseconds

/** Who else is writing in which room. */
export class Writers {
  /** @type {Map<number, {room: number, name: string}>} user → where they write */
  #writers = new Map()

  /** @param {{user: number, room: number, name: string, on: boolean}} word */
  set({ user, room, name, on }) {
    this.#writers.delete(user)
    if (on) this.#writers.set(user, { room, name })
  }

  /** @param {number} user */
  remove(user) {
    this.#writers.delete(user)
  }

  /** @param {number} room */
  namesIn(room) {
    return [...this.#writers.values()].filter((writer) => writer.room === room).map((writer) => writer.name)
  }
}

/** When others are told that this reader writes: at most every ten seconds, and once that they have stopped. */
export class TypingNotice {
  #sentAt = 0

  /** Whether to tell it now. @param {number} now */
  start(now) {
    if (now - this.#sentAt < SENT_EVERY) return false
    this.#sentAt = now
    return true
  }

  /** Whether to tell it: only if others believe that this reader writes. */
  stop() {
    const wasTold = this.#sentAt > 0
    this.#sentAt = 0
    return wasTold
  }
}

/**
 * @param {string[]} names
 * @param {Record<string, string>} words
 */
export function typingSentence(names, words) {
  const sentence = ["", words.one_writes, words.two_write][names.length] ?? words.several_write
  return fill(sentence, { name: names[0], other: names[1] })
}
