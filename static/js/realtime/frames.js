// Which ops of which frames are applied, and when. An op says what an element is, never what to do to it, so
// frames may be lost, doubled or late: an element put at a higher seq is not put back.

/**
 * @typedef {{
 *   op: string, id?: string, parent?: string, rank?: string, html?: string, task?: number,
 *   audience?: number, calls?: number[], by?: {client: string, hue: string, name: string},
 * }} Op
 * @typedef {{
 *   task: number, number: number, key: string, title: string, column: number, name: string, rank: string,
 *   previous: string, next: string, place: number, count: number, url: string, is_new: boolean,
 * }} Placed a card that the reader of this page has just put somewhere: the `place`th of `count` in the column `name`
 * @typedef {{epoch?: string, seq: number, ops?: Op[], placed?: Placed}} Frame
 * @typedef {{isHeld: (id: string) => boolean, apply: (op: Op) => void}} Page
 */

export class FrameReader {
  /** @type {number | null} the open task, whose ops come along */
  task = null
  /** @type {Map<string, number>} element id → the seq of the frame that put or dropped it */
  #putAt = new Map()
  /** @type {Map<string, Op>} element id → the op that waits until the element is released */
  #held = new Map()
  #page

  /**
   * @param {{seq: number, epoch: string}} start where the page was drawn
   * @param {Page} page
   */
  constructor({ seq, epoch }, page) {
    this.seq = seq
    this.epoch = epoch
    this.#page = page
  }

  get position() {
    return { since: this.seq, epoch: this.epoch, ...(this.task ? { task: this.task } : {}) }
  }

  /** The task with this key is open, null when none is. `seq` is what it was drawn at. @param {number | null} task */
  open(task, seq = this.seq) {
    this.task = task
    this.seq = Math.min(this.seq, seq)
  }

  /** Whether the page has to be read anew: it is too far behind, or another log. @param {Frame} frame */
  asksForReload(frame) {
    return !!frame.ops?.some((op) => op.op === "reload") || (!!frame.epoch && frame.epoch !== this.epoch)
  }

  /** @param {Frame} frame */
  take(frame) {
    for (const op of frame.ops ?? []) this.#takeOp(op, frame.seq)
    this.seq = Math.max(this.seq, frame.seq ?? 0)
  }

  /**
   * @param {Op} op
   * @param {number} seq
   */
  #takeOp(op, seq) {
    if (op.op === "chip") this.#page.apply(op)
    if (!op.id || (op.audience && op.audience !== this.task)) return
    if ((this.#putAt.get(op.id) ?? 0) > seq) return
    this.#putAt.set(op.id, seq)
    if (this.#page.isHeld(op.id)) this.#held.set(op.id, op)
    else this.#page.apply(op)
  }

  /** Apply what waited for elements that are held no more. */
  release() {
    for (const [id, op] of this.#held) {
      if (this.#page.isHeld(id)) continue
      this.#held.delete(id)
      this.#page.apply(op)
    }
  }

  /** The page was read anew. @param {{seq: number, epoch: string}} start */
  restart({ seq, epoch }) {
    this.#putAt.clear()
    this.#held.clear()
    this.seq = seq
    this.epoch = epoch
  }
}
