// What the gateway says about its runs, made into three events: started, finished, interrupted.
//
// The one sign of the end is the "lifecycle" event with phase "end" or "error" that says
// executionSettled. The agent_end hook fires once for every attempt, also for ones that are
// repeated and with success even when the model failed: it supplies the text. llm_output supplies
// the token counts. Both arrive within about 250 ms around the end.
//
// A run has a file while it is open. Files found at the start belong to runs that a crash broke
// off; they stay until OpenClaw goes on with their session, so that the resumed run, whose turn is
// OpenClaw's own words, is known to be the same run of Team Board's.

import { randomUUID } from "node:crypto";
import path from "node:path";

import { load, names, remove, save } from "./files.js";
import { Outbox } from "./outbox.js";
import { isResumed, namedRun, textOf } from "./prompt.js";

const SETTLE_MS = 250;
const MOST_RUNS = 2000;
const SESSIONS = "^agent:[^:]+:(task|room):.+$";
const COUNTS = ["input", "output", "cacheRead", "cacheWrite", "total"];

export class Reporter {
  constructor(config, folder, logger, runs = new Map()) {
    this.runs = runs;
    this.brokenOff = new Map(); // session key -> the run that a crash broke off, with its file
    this.pattern = new RegExp(config.sessionPattern ?? SESSIONS);
    this.sendStarted = config.sendStarted ?? true;
    this.maxTextChars = config.maxTextChars ?? 200000;
    this.maxAgeMs = (config.maxAgeMinutes ?? 24 * 60) * 60000;
    this.open = path.join(folder, "open");
    this.logger = logger;
    this.isStopped = false;
    this.outbox = new Outbox(path.join(folder, "outbox"), {
      url: config.url,
      secret: config.secret ?? "",
      timeoutMs: config.timeoutMs ?? 10000,
      maxAgeMs: this.maxAgeMs,
      logger,
    });
  }

  /** The user turn that begins a run: the first that is heard of it, also with a model that does not exist. */
  turnBegins(text, ctx) {
    const run = this.#run(ctx.runId, ctx.sessionKey);
    if (!run) return;
    const before = this.brokenOff.get(run.sessionKey);
    run.teamboardRunId = namedRun(text) ?? (isResumed(text) ? before?.teamboardRunId : null) ?? null;
    this.#note(run, ctx);
    if (!before) return;
    this.brokenOff.delete(run.sessionKey);
    this.#quietly(remove(this.open, `${before.runId}.json`));
  }

  lifecycle({ runId, sessionKey, agentId, sessionId, data = {}, ts }) {
    const run = this.#run(runId, sessionKey);
    if (!run) return;
    this.#note(run, { agentId, sessionId });
    if (!run.startedAt) this.#started(run, data.startedAt ?? ts);
    if ((data.phase === "end" || data.phase === "error") && data.executionSettled)
      setTimeout(() => this.#quietly(this.#finished(run, data)), SETTLE_MS);
  }

  attemptEnds(event, ctx) {
    const run = this.#run(event.runId ?? ctx.runId, ctx.sessionKey);
    if (!run) return;
    const last = event.messages?.at?.(-1);
    this.#note(run, ctx);
    run.attempts += 1;
    run.text = textOf(last);
    run.failure = event.error ?? (last?.stopReason === "error" ? last.errorMessage : null);
  }

  modelAnswered(event, ctx) {
    const run = this.#run(event.runId, ctx.sessionKey);
    if (!run) return;
    const usage = event.usage ?? {};
    run.provider = event.provider;
    run.model = event.model;
    for (const name of COUNTS) run.usage[name] = (run.usage[name] ?? 0) + (usage[name] ?? 0);
    run.usage.cost = (run.usage.cost ?? 0) + (usage.cost?.total ?? 0);
  }

  /** After the gateway's start: tell of the runs that ended with its last life, send what waits. */
  async start() {
    for (const name of await names(this.open)) {
      const run = await load(this.open, name);
      if (run && this.runs.has(run.runId)) continue;
      if (!run || Date.now() - run.createdAt > this.maxAgeMs) {
        await remove(this.open, name);
        continue;
      }
      this.brokenOff.set(run.sessionKey, run);
      if (run.isTold) continue;
      await this.#tell("run.interrupted", run, { status: "interrupted", startedAt: run.startedAt });
      await save(this.open, name, { ...run, isTold: true });
    }
    this.outbox.flushIn(0);
  }

  stop() {
    this.isStopped = true;
    this.outbox.stop();
  }

  #run(runId, sessionKey) {
    if (!runId || !this.pattern.test(sessionKey ?? "")) return null;
    if (!this.runs.has(runId)) {
      this.runs.set(runId, { runId, sessionKey, attempts: 0, usage: {}, text: "", createdAt: Date.now() });
      if (this.runs.size > MOST_RUNS) this.runs.delete(this.runs.keys().next().value);
    }
    return this.runs.get(runId);
  }

  #note(run, { agentId, sessionId }) {
    run.agentId = agentId ?? run.agentId;
    run.sessionId = sessionId ?? run.sessionId;
  }

  #started(run, at) {
    run.startedAt = at;
    this.#quietly(save(this.open, `${run.runId}.json`, run));
    if (this.sendStarted) this.#quietly(this.#tell("run.started", run, { startedAt: at }));
  }

  async #finished(run, data) {
    this.runs.delete(run.runId);
    const text = data.terminalReply?.text ?? run.text;
    await this.#tell("run.finished", run, {
      status: statusOf(run, data),
      error: data.error ?? run.failure ?? null,
      stopReason: data.stopReason ?? null,
      text: text.slice(0, this.maxTextChars),
      truncated: text.length > this.maxTextChars,
      provider: run.provider,
      model: run.model,
      usage: run.usage,
      attempts: run.attempts,
      startedAt: run.startedAt ?? data.startedAt ?? null,
      endedAt: data.endedAt ?? Date.now(),
    });
    await remove(this.open, `${run.runId}.json`);
  }

  #tell(event, { sessionKey, agentId, sessionId, runId, teamboardRunId = null }, facts) {
    const about = { sessionKey, agentId, sessionId, runId, teamboardRunId };
    return this.outbox.put({ event, id: randomUUID(), createdAt: Date.now(), ...about, ...facts });
  }

  #quietly(promise) {
    promise.catch((error) => this.logger.warn(`teamboard-callback: ${error}`));
  }
}

function statusOf(run, data) {
  if (data.aborted) return "aborted";
  if (data.phase === "end" && data.timeoutPhase) return "timeout";
  return data.phase === "error" || run.failure ? "error" : "ok";
}
