// What browsers have and node's runner has not, or what has to fail on purpose.

/** A `localStorage`, which may refuse everything, as a private window does. */
export class FakeStorage {
  /** @type {Map<string, string>} */
  kept = new Map()
  isClosed = false

  get length() {
    this.#open()
    return this.kept.size
  }

  /** @param {number} at */
  key(at) {
    this.#open()
    return [...this.kept.keys()][at] ?? null
  }

  /** @param {string} key */
  getItem(key) {
    this.#open()
    return this.kept.get(key) ?? null
  }

  /** @param {string} key @param {string} value */
  setItem(key, value) {
    this.#open()
    this.kept.set(key, value)
  }

  /** @param {string} key */
  removeItem(key) {
    this.#open()
    this.kept.delete(key)
  }

  #open() {
    if (this.isClosed) throw new Error("This browser keeps nothing")
  }
}

/** The channel of several pages of one browser, which hear each other at once. */
export class FakeChannel {
  /** @type {Set<FakeChannel>} */
  #pages
  /** @type {((event: MessageEvent) => void) | null} */
  onmessage = null

  /** @param {Set<FakeChannel>} pages */
  constructor(pages) {
    this.#pages = pages
    pages.add(this)
  }

  /** @param {unknown} data */
  postMessage(data) {
    for (const page of this.#pages) if (page !== this) page.onmessage?.(/** @type {MessageEvent} */ ({ data }))
  }
}

const JSON_TYPE = { "Content-Type": "application/json" }

/** @param {unknown} body */
export const answerOf = (body, status = 200) => new Response(JSON.stringify(body), { status, headers: JSON_TYPE })

/** An answer of 200 whose JSON is cut off. */
export const cutOff = () => new Response('{"epoch": "e1", "seq": 7, "op', { headers: JSON_TYPE })

/** Never answers, and ends only when it is given up. @param {RequestInit | undefined} options @returns {Promise<Response>} */
export const neverAnswers = (options) =>
  new Promise((_, reject) => options?.signal?.addEventListener("abort", () => reject(new Error("given up"))))

/** An answer that begins and whose rest never comes. @param {RequestInit | undefined} options */
export const neverEnds = (options) =>
  new Response(
    new ReadableStream({
      start(controller) {
        controller.enqueue(new TextEncoder().encode('{"seq"'))
        options?.signal?.addEventListener("abort", () => controller.error(new Error("given up")))
      },
    }),
    { headers: JSON_TYPE },
  )
