// The route by which Team Board speaks to the plugin: POST /teamboard/control on the gateway's port.
//
// The gateway checks nothing before it (auth "plugin"): the signature is ours, the same as that of a
// callback, with the same secret and within five minutes. A request is taken once: its id (or its
// signature, if it has none) is kept on disk for as long as the signature is good.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import path from "node:path";

import { isSigned, signature } from "./delivery.js";
import { save } from "./files.js";
import { RUN } from "./stops.js";

export const ROUTE = "/teamboard/control";
const LARGEST = 64 * 1024;
const WINDOW_MS = 300000; // that a signature is good for, in either direction
const SEEN = "seen.json";

class Refusal extends Error {
  constructor(status, error) {
    super(error);
    this.status = status;
  }
}

export class Control {
  #writing = Promise.resolve();

  constructor(folder, secret, stops, logger, delivery) {
    Object.assign(this, { secret, stops, logger, delivery, folder: path.join(folder, "control") });
    this.seen = new Map(this.#kept()); // id of a request -> when it may be forgotten
  }

  /** The route's handler; `info` is what the gateway and the plugin say of themselves. */
  handler(info) {
    return async (req, res) => {
      const sign = (text) => (req.teamboardSigned ? signature(this.secret, "answer", `${req.teamboardSigned}.${text}`) : "");
      try {
        return answer(res, 200, { ok: true, ...(await this.#do(await this.#taken(req), info)) }, sign);
      } catch (error) {
        if (!(error instanceof Refusal)) this.logger.warn(`teamboard-callback: control: ${error}`);
        const status = error instanceof Refusal ? error.status : 500;
        return answer(res, status, { ok: false, error: status === 500 ? "the plugin failed" : error.message }, sign);
      }
    };
  }

  async #do(asked, info) {
    if (asked.do === "info") return info();
    if (asked.do === "check") return { board: await this.#boardAnswers() };
    if (asked.do !== "stop") throw new Refusal(400, "unknown request");
    const run = String(asked.run ?? "").toLowerCase();
    if (!RUN.test(run)) throw new Refusal(400, "run must be a run's id");
    return { result: await this.stops.ask(run) };
  }

  /** What Team Board says to a report that is about nothing: its status, or why there is none. */
  async #boardAnswers() {
    if (!this.delivery.url) return "no url";
    try {
      return await this.delivery.post({ event: "gateway.checked", id: randomUUID(), createdAt: Date.now() });
    } catch (error) {
      return String(error.cause?.code ?? error.name);
    }
  }

  /** The request's body, signed, recent and not seen before. */
  async #taken(req) {
    if (req.method !== "POST") throw new Refusal(405, "POST only");
    const body = await bodyOf(req);
    const stamp = String(req.headers["x-teamboard-timestamp"] ?? "");
    const given = String(req.headers["x-teamboard-signature"] ?? "");
    if (!isSigned(this.secret, stamp, body, given)) throw new Refusal(401, "not signed with the callback secret");
    req.teamboardSigned = given; // from here on who asks is told, by the answer's signature, who answers
    // "…within five minutes" tells whoever has the secret that it is a clock which is wrong.
    if (!isRecent(stamp)) throw new Refusal(401, "not signed within five minutes of this gateway's clock");
    const asked = parsed(body);
    await this.#once(typeof asked.id === "string" && asked.id.length <= 100 ? `id ${asked.id}` : given);
    return asked;
  }

  async #once(id) {
    if (this.seen.get(id) > Date.now()) throw new Refusal(409, "seen before");
    this.seen.set(id, Date.now() + 2 * WINDOW_MS);
    for (const [old, until] of this.seen) if (until <= Date.now()) this.seen.delete(old);
    this.#writing = this.#writing.catch(() => undefined).then(() => save(this.folder, SEEN, [...this.seen]));
    await this.#writing;
  }

  #kept() {
    try {
      return JSON.parse(readFileSync(path.join(this.folder, SEEN), "utf8"));
    } catch (error) {
      if (error.code !== "ENOENT") this.logger.warn(`teamboard-callback: ${error}`);
      return [];
    }
  }
}

function isRecent(stamp) {
  return /^\d{1,12}$/.test(stamp) && Math.abs(Date.now() - Number(stamp) * 1000) <= WINDOW_MS;
}

function parsed(body) {
  let asked = null;
  try {
    asked = JSON.parse(body);
  } catch {
    // refused below
  }
  if (asked === null || typeof asked !== "object" || Array.isArray(asked)) throw new Refusal(400, "not a JSON object");
  return asked;
}

async function bodyOf(req) {
  const parts = [];
  let size = 0;
  for await (const part of req) {
    size += part.length;
    if (size > LARGEST) throw new Refusal(413, "too large");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function answer(res, status, value, sign) {
  const text = JSON.stringify(value);
  const signed = sign(text);
  res.statusCode = status;
  if (signed) res.setHeader("x-teamboard-signature", signed);
  res.setHeader("content-type", "application/json");
  if (status === 405) res.setHeader("allow", "POST");
  res.end(text);
  return true;
}
