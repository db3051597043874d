// Stops that Team Board asked for. Each is kept on disk until its run has ended.
//
// A run is stopped by its id, never by its session, where a newer one may be at work. One that has not
// begun, or waits between two attempts of the model, can't be aborted at that moment: it is refused
// where its turn begins, or aborted where it calls the model again. A gateway that crashed meanwhile
// finds the wish at its next start, before OpenClaw goes on with the session.

import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";

import { remove, save } from "./files.js";

export const RUN = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/; // Team Board's id of one
const WAIT_MS = 2000; // for the end of a run that is being stopped, before the question is answered
const MOST_ENDED = 2000;

const openclaw = () => import("openclaw/plugin-sdk/agent-harness-runtime");

export class Stops {
  #waiting = new Map(); // run -> those who wait for its end

  /** `ended` outlives a reload of the plugin. */
  constructor(folder, reporter, ended = new Set()) {
    Object.assign(this, { reporter, ended, folder: path.join(folder, "stops"), waitMs: WAIT_MS, harness: openclaw });
    this.wishes = new Map(this.#kept()); // run -> when its stop was asked for
  }

  /** Stop `run` of Team Board's. Answers what is sure: "stopped", "ended", "will-not-start" or "will-stop". */
  async ask(run) {
    await this.#wish(run);
    const open = this.#open(run);
    if (!open) return this.ended.has(run) ? "ended" : "will-not-start";
    const end = this.#endOf(run);
    await this.#abort(open.sessionKey);
    await end;
    return this.ended.has(run) ? "stopped" : "will-stop";
  }

  /** Whether the turn that begins must not go on. */
  refuses(run) {
    return this.wishes.has(run?.teamboardRunId);
  }

  /** The model is called, for the first time or again: the moment at which what could not be aborted can be. */
  async modelCallStarts(event, ctx) {
    const run = this.reporter.runs.get(event.runId ?? ctx.runId);
    if (run && this.wishes.has(run.teamboardRunId)) await this.#abort(run.sessionKey);
  }

  /** A run has ended: its wish is fulfilled, or there is nothing left to stop. */
  over(run) {
    const id = run.teamboardRunId;
    if (!id) return;
    this.ended.add(id);
    if (this.ended.size > MOST_ENDED) this.ended.delete(this.ended.values().next().value);
    this.#forget(id);
    for (const done of this.#waiting.get(id) ?? []) done();
    this.#waiting.delete(id);
  }

  #open(run) {
    return [...this.reporter.runs.values()].find((one) => one.teamboardRunId === run && !one.isEnding);
  }

  async #abort(sessionKey) {
    const { abortAgentHarnessRun, resolveActiveEmbeddedRunSessionId } = await this.harness();
    const sessionId = resolveActiveEmbeddedRunSessionId(sessionKey);
    return Boolean(sessionId) && abortAgentHarnessRun(sessionId);
  }

  #endOf(run) {
    return new Promise((done) => {
      const patience = setTimeout(done, this.waitMs);
      const ends = () => {
        clearTimeout(patience);
        done();
      };
      this.#waiting.set(run, [...(this.#waiting.get(run) ?? []), ends]);
    });
  }

  async #wish(run) {
    this.wishes.set(run, Date.now());
    await save(this.folder, `${run}.json`, { run, askedAt: Date.now() });
    for (const [old, at] of this.wishes) if (this.#isOld(at)) this.#forget(old);
  }

  #forget(run) {
    if (!this.wishes.delete(run)) return;
    remove(this.folder, `${run}.json`).catch((error) => this.reporter.logger.warn(`teamboard-callback: ${error}`));
  }

  #isOld(at) {
    return Date.now() - at > this.reporter.maxAgeMs;
  }

  /** What a former life of the gateway left. Read at once: the first turn may begin before anything else. */
  #kept() {
    try {
      return readdirSync(this.folder)
        .filter((name) => name.endsWith(".json"))
        .flatMap((name) => {
          const { run, askedAt } = parsed(readFileSync(path.join(this.folder, name), "utf8"));
          return run && !this.#isOld(askedAt) ? [[run, askedAt]] : [];
        });
    } catch (error) {
      if (error.code !== "ENOENT") this.reporter.logger.warn(`teamboard-callback: ${error}`);
      return [];
    }
  }
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}
