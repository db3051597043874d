// How much is unread in each room: exact when the server has counted, raised by what others say meanwhile.

/** @import { Op } from "../realtime/frames.js" */

/** @typedef {{unread: number, mentions: number, newest_id: number, last_read_id: number, level: string}} RoomCount */

/** @param {string | undefined} id */
export const isMessage = (id) => !!id?.startsWith("message-")
/** @param {string} id */
const keyOf = (id) => Number(id.slice("message-".length))

export class UnreadCounts {
  /** how often something new was counted: an answer asked for before it is too old */
  raised = 0
  #rooms
  #me

  /**
   * @param {Record<string, RoomCount>} rooms by the room's key
   * @param {string} me the reader's key
   */
  constructor(rooms, me) {
    this.#rooms = rooms
    this.#me = me
  }

  /** @param {string | undefined} room @returns {RoomCount | undefined} */
  of(room) {
    return this.#rooms[room ?? ""]
  }

  /** In the rooms that the reader wants to be told of. @param {"unread" | "mentions"} name */
  sum(name) {
    const followed = Object.values(this.#rooms).filter((room) => room.level !== "none")
    return followed.reduce((all, room) => all + room[name], 0)
  }

  /** What a list of rooms says of one. @param {string | undefined} room */
  shownFor(room) {
    const count = this.of(room)
    return count && count.level !== "none" && count.unread ? String(count.unread) : ""
  }

  /**
   * Take what the server counted; false when it is too old, for something new was counted here since `raisedThen`.
   * @param {Record<string, RoomCount>} rooms
   * @param {number} raisedThen
   */
  take(rooms, raisedThen) {
    if (this.raised !== raisedThen) return false
    this.#rooms = rooms
    return true
  }

  /** @param {string} room @param {string} level */
  setLevel(room, level) {
    const count = this.of(room)
    if (count) count.level = level
  }

  /** The room's count and whether the message calls the reader, for a message they may be notified of. @param {Op} op */
  noticeOf(op) {
    const room = this.#roomOf(op)
    const isCalled = !!op.calls?.includes(Number(this.#me))
    return room && (isCalled || keyOf(op.id ?? "") > room.newest_id) ? { level: room.level, isCalled } : null
  }

  /**
   * Count the message that `op` has put: a new one by somebody else adds one. False when the counts
   * can't be known from it alone, and have to be asked for.
   * @param {Op} op
   */
  raise(op) {
    const room = this.#roomOf(op)
    if (!room) return false
    const key = keyOf(op.id ?? "")
    const html = op.html ?? ""
    const isMention = html.includes(`data-user="${this.#me}"`)
    if (key <= room.newest_id) return !isMention
    room.newest_id = key
    const countsForNobody = html.includes("message--system")
    if (countsForNobody || html.includes(`data-author="${this.#me}"`) || key <= room.last_read_id) return true
    this.raised += 1
    room.unread += 1
    room.mentions += isMention ? 1 : 0
    return true
  }

  /** @param {Op} op */
  #roomOf(op) {
    return op.op === "put" ? this.of(op.parent?.slice("room-".length)) : undefined
  }
}
