// What Team Board's answer to a report asks for: the runs to stop that it has asked for by no other way yet.
//
// So a stop reaches a gateway that can call the board and can't be called by it. Only an answer that is signed
// over the report's own signature is believed. What came of a stop is told once and kept nowhere: until the
// board knows that a run has ended, each of its answers names it again.

import { randomUUID } from "node:crypto";

import { RUN } from "./stops.js";

const MOST = 100;

export class Answers {
  #asked = new Set(); // runs that are being stopped, by an answer before

  constructor(stops, delivery, logger) {
    Object.assign(this, { stops, delivery, logger });
  }

  /** `text` is what the board has answered, and signed. */
  take(text) {
    for (const run of runsIn(text)) {
      if (this.#asked.has(run)) continue;
      this.#asked.add(run);
      void this.#stop(run).finally(() => this.#asked.delete(run));
    }
  }

  async #stop(run) {
    try {
      const result = await this.stops.ask(run);
      await this.delivery.post({ event: "stop.answered", id: randomUUID(), createdAt: Date.now(), teamboardRunId: run, result });
    } catch (error) {
      this.logger.warn(`teamboard-callback: stop of ${run}: ${error.cause?.code ?? error}`);
    }
  }
}

function runsIn(text) {
  try {
    const { stops } = JSON.parse(text);
    return Array.isArray(stops) ? stops.filter((run) => typeof run === "string" && RUN.test(run)).slice(0, MOST) : [];
  } catch {
    return [];
  }
}
