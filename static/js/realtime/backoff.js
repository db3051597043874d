/** How long to wait before the next try: twice as long each time, up to a limit, and not for all pages the same. */
export class Backoff {
  #first
  #longest
  #wait

  /**
   * @param {number} first milliseconds
   * @param {number} longest milliseconds
   */
  constructor(first, longest) {
    this.#first = first
    this.#longest = longest
    this.#wait = first
  }

  next(random = Math.random()) {
    const wait = this.#wait * (0.5 + random)
    this.#wait = Math.min(this.#wait * 2, this.#longest)
    return wait
  }

  reset() {
    this.#wait = this.#first
  }
}
