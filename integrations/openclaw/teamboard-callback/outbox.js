// Callbacks wait in a folder until Team Board took them, in the order in which they happened.

import { createHmac } from "node:crypto";

import { load, names, remove, save } from "./files.js";

const FIRST_WAIT = 1000;
const LONGEST_WAIT = 60000;
const TRY_AGAIN = [401, 403, 408, 429]; // these mend themselves or are mended by a person
const PATH = "/api/v1/agents/callback";

/** The callback's address from Team Board's, which may already be the whole of it. */
export function callbackUrl(given) {
  const url = (given ?? "").replace(/\/+$/, "");
  if (!url) return "";
  return url.endsWith("/agents/callback") ? `${url}/` : `${url}${PATH}/`;
}

export function signature(secret, stamp, body) {
  return `sha256=${createHmac("sha256", secret).update(`${stamp}.${body}`).digest("hex")}`;
}

export class Outbox {
  #timer = null;
  #wait = FIRST_WAIT;
  #sending = null;
  #stopped = false;

  constructor(folder, { url, secret, timeoutMs, maxAgeMs, logger }) {
    Object.assign(this, { folder, secret, timeoutMs, maxAgeMs, logger });
    this.url = callbackUrl(url);
  }

  async put(event) {
    const name = `${String(event.createdAt).padStart(15, "0")}-${event.id}.json`;
    await save(this.folder, name, event);
    if (this.#wait === FIRST_WAIT) this.flushIn(0); // else a try is already planned
  }

  flushIn(delay) {
    if (this.#stopped) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.flush(), delay);
    this.#timer.unref?.();
  }

  /** Send what waits, one after another. Two calls at once are one. */
  flush() {
    this.#sending ??= this.#sendAll().finally(() => (this.#sending = null));
    return this.#sending;
  }

  stop() {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #sendAll() {
    if (!this.url) return;
    for (let waiting = await names(this.folder); waiting.length; waiting = await names(this.folder)) {
      for (const name of waiting) {
        if (this.#stopped) return;
        if (!(await this.#isDone(await load(this.folder, name)))) return this.#later();
        await remove(this.folder, name);
      }
    }
    this.#wait = FIRST_WAIT;
  }

  #later() {
    this.flushIn(this.#wait);
    this.#wait = Math.min(this.#wait * 2, LONGEST_WAIT);
  }

  /** Whether the event needs no further try: it was taken, refused for good, is too old or broken. */
  async #isDone(event) {
    if (!event || Date.now() - event.createdAt > this.maxAgeMs) return true;
    let status = 0;
    try {
      status = await this.#post(event);
    } catch (error) {
      this.logger.warn(`teamboard-callback: ${event.event} not sent: ${error.cause?.code ?? error.name}`);
    }
    if (status >= 200 && status < 300) return true;
    if (status) this.logger.warn(`teamboard-callback: ${event.event} was answered with ${status}`);
    return status >= 400 && status < 500 && !TRY_AGAIN.includes(status);
  }

  async #post(event) {
    const body = JSON.stringify(event);
    const stamp = String(Math.floor(Date.now() / 1000));
    const response = await fetch(this.url, {
      method: "POST",
      redirect: "manual",
      signal: AbortSignal.timeout(this.timeoutMs),
      headers: {
        "content-type": "application/json",
        "idempotency-key": event.id,
        "x-teamboard-timestamp": stamp,
        "x-teamboard-signature": signature(this.secret, stamp, body),
      },
      body,
    });
    await response.arrayBuffer().catch(() => undefined);
    return response.status;
  }
}
