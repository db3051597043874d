// Work that is done one at a time, in the order it was added.

export class Queue {
  /** @type {Promise<unknown>} */
  #last = Promise.resolve()
  #report

  /** @param {(error: unknown) => void} [report] what is done with an error that the work did not handle */
  constructor(report = (error) => reportError(error)) {
    this.#report = report
  }

  /**
   * Do `work` after all that was added before. An error is reported, and the next goes on. The promise
   * is kept when `work` has ended, with an error or without.
   * @param {() => unknown} work
   * @returns {Promise<void>}
   */
  add(work) {
    const done = this.#last.then(work).then(
      () => {},
      (error) => this.#report(error),
    )
    this.#last = done
    return done
  }
}
