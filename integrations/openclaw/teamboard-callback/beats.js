// A sign of life of each open run, every half a minute and when it begins or ceases to wait.
//
// A model call without bytes and a long tool give no event at all, so this needs a clock of its own.
// A beat is worth nothing later: it is sent once and kept nowhere.

import { randomUUID } from "node:crypto";

const EVERY_MS = 30000;
const LEAST_MS = 5000; // between two beats of a run that changes fast

export class Beats {
  #later = new Set(); // runs whose next beat is planned already

  constructor(runs, delivery, everyMs = EVERY_MS) {
    Object.assign(this, { runs, delivery });
    this.timer = setInterval(() => this.all(), everyMs);
    this.timer.unref?.();
  }

  /** The run waits for something else than before. */
  changed(run) {
    if (this.#later.has(run)) return;
    this.#later.add(run);
    const send = () => {
      this.#later.delete(run);
      if (this.runs.has(run.runId)) void this.#beat(run);
    };
    setTimeout(send, Math.max(0, (run.beatAt ?? 0) + LEAST_MS - Date.now())).unref?.();
  }

  stop() {
    clearInterval(this.timer);
  }

  /** A beat of every open run. */
  all() {
    for (const run of this.runs.values()) void this.#beat(run);
  }

  async #beat(run) {
    if (!run.teamboardRunId || run.isEnding || !this.delivery.url) return;
    run.beatAt = Date.now();
    const { sessionKey, agentId, sessionId, runId, teamboardRunId, phase, retry = null } = run;
    const about = { sessionKey, agentId, sessionId, runId, teamboardRunId, phase, retry };
    const event = { event: "run.beat", id: randomUUID(), createdAt: run.beatAt, ...about };
    await this.delivery.post(event).catch(() => undefined); // the next one says the same
  }
}
