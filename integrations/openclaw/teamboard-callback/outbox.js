// Callbacks wait in a folder until Team Board took them. Those of one session go in the order in
// which they happened; one that the board can't answer holds back no other session's.

import { createHash } from "node:crypto";

import { load, names, remove, save } from "./files.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60000;
const MOST_AT_ONCE = 8;
const TRY_AGAIN = [401, 403, 408, 429]; // these mend themselves or are mended by a person
const LANE = /-l([0-9a-f]{12})-/;

let serial = 0; // two events of the same millisecond keep their order

/** The session's part of a file name. */
function laneOf(event) {
  return createHash("sha256")
    .update(event.sessionKey ?? "")
    .digest("hex")
    .slice(0, 12);
}

export class Outbox {
  successor = null; // sends in its place, once the plugin was loaded anew
  #lanes = new Map(); // lane -> { wait, timer }, while something of it is sent or waits for its next try
  #writing = Promise.resolve();
  #sending = 0;
  #queue = []; // who waits for one of the deliveries at once
  #stopped = false;

  constructor(folder, delivery, { maxAgeMs, logger }) {
    Object.assign(this, { folder, delivery, maxAgeMs, logger });
  }

  /** Resolves when the event is on disk. Events are written in the order in which they are put. */
  put(event) {
    const lane = laneOf(event);
    serial += 1;
    const order = `${String(event.createdAt).padStart(15, "0")}-${String(serial).padStart(9, "0")}`;
    const written = this.#writing.then(() => save(this.folder, `${order}-l${lane}-${event.id}.json`, event));
    this.#writing = written.catch(() => undefined);
    return written.then(() => this.begin(lane));
  }

  /** Send what an earlier life has left. */
  async flush() {
    for (const name of await names(this.folder)) this.begin(LANE.exec(name)?.[1] ?? "");
  }

  /** Send what `former` leaves, which is stopped, and what is put to it from now on. */
  async takeOver(former) {
    former.successor = this;
    await this.flush();
  }

  stop() {
    this.#stopped = true;
    for (const lane of this.#lanes.values()) clearTimeout(lane.timer);
  }

  /** Send what waits of a lane, unless that is being done. */
  begin(name) {
    if (this.successor) return this.successor.begin(name);
    if (this.#stopped || !this.delivery.url || this.#lanes.has(name)) return undefined;
    const state = { wait: FIRST_WAIT };
    this.#lanes.set(name, state);
    return this.#run(name, state);
  }

  #run(lane, state) {
    this.#sendLane(lane, state).catch((error) => {
      this.logger.warn(`teamboard-callback: ${error}`);
      if ((this.#lanes.get(lane) ?? state) !== state) return; // begun anew
      this.#lanes.set(lane, state);
      this.#later(lane, state);
    });
  }

  #later(lane, state) {
    state.timer = setTimeout(() => this.#run(lane, state), state.wait);
    state.timer.unref?.();
    state.wait = Math.min(state.wait * 2, LONGEST_WAIT);
  }

  async #sendLane(lane, state) {
    for (let waiting = await this.#waiting(lane); waiting.length; waiting = await this.#waiting(lane)) {
      for (const name of waiting) {
        if (this.#stopped) return;
        if (!(await this.#isDone(name))) {
          this.#later(lane, state);
          return;
        }
        await remove(this.folder, name);
      }
      state.wait = FIRST_WAIT;
    }
    this.#lanes.delete(lane);
    if ((await this.#waiting(lane)).length) this.begin(lane); // written while the lane was being closed
  }

  async #waiting(lane) {
    return (await names(this.folder)).filter((name) => (LANE.exec(name)?.[1] ?? "") === lane);
  }

  /** Whether the event needs no further try: it was taken, refused for good, is too old or broken. */
  async #isDone(name) {
    const event = await load(this.folder, name);
    if (!event || Date.now() - event.createdAt > this.maxAgeMs) return true;
    const status = await this.#inTurn(() => this.#post(event));
    if (status >= 200 && status < 300) return true;
    if (status) this.logger.warn(`teamboard-callback: ${event.event} was answered with ${status}`);
    return status >= 400 && status < 500 && !TRY_AGAIN.includes(status);
  }

  async #post(event) {
    try {
      return await this.delivery.post(event);
    } catch (error) {
      this.logger.warn(`teamboard-callback: ${event.event} not sent: ${error.cause?.code ?? error.name}`);
      return 0;
    }
  }

  async #inTurn(send) {
    if (this.#sending >= MOST_AT_ONCE) await new Promise((go) => this.#queue.push(go));
    else this.#sending += 1;
    try {
      return await send();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#sending -= 1;
    }
  }
}
