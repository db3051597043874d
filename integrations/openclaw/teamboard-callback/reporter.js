// What the gateway says about its runs, made into events: accepted, started, finished, interrupted, dropped.
//
// A run begins with the before_agent_reply hook. One that never had it was dropped before it was
// admitted: the gateway speaks of its end all the same, and the message may be sent again meanwhile.
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

import { Beats } from "./beats.js";
import { Delivery } from "./delivery.js";
import { load, names, remove, save } from "./files.js";
import { Outbox } from "./outbox.js";
import { isResumed, namedRun, textOf } from "./prompt.js";

const SETTLE_MS = 250;
const MOST_RUNS = 2000;
const SESSIONS = "^agent:[^:]+:(task|room):.+$";
const COUNTS = ["input", "output", "cacheRead", "cacheWrite", "total"];
const NOT_BEGUN = "The gateway ended the run before it began.";

export class Reporter {
  #files = Promise.resolve(); // what is written and removed keeps its order

  constructor(config, folder, logger, runs = new Map()) {
    this.runs = runs; // OpenClaw's run id -> the run, from before_agent_reply to its end
    this.brokenOff = new Map(); // session key -> the run that a crash broke off, with its file
    this.pattern = new RegExp(config.sessionPattern ?? SESSIONS);
    this.sendStarted = config.sendStarted ?? true;
    this.maxTextChars = config.maxTextChars ?? 200000;
    this.maxAgeMs = (config.maxAgeMinutes ?? 24 * 60) * 60000;
    this.open = path.join(folder, "open");
    this.logger = logger;
    this.isStopped = false;
    const { url, secret = "", timeoutMs = 10000, beatMs } = config;
    this.delivery = new Delivery({ url, secret, timeoutMs });
    this.outbox = new Outbox(path.join(folder, "outbox"), this.delivery, { maxAgeMs: this.maxAgeMs, logger });
    this.beats = new Beats(runs, this.delivery, beatMs);
  }

  /** The user turn that begins a run: the first that is heard of it, also with a model that does not exist. Its run. */
  turnBegins(text, ctx) {
    if (!ctx.runId || !this.#isOurs(ctx.sessionKey)) return null;
    const run = this.#begin(ctx.runId, ctx.sessionKey);
    const before = this.brokenOff.get(run.sessionKey);
    run.teamboardRunId = namedRun(text) ?? (isResumed(text) ? before?.teamboardRunId : null) ?? null;
    this.#note(run, ctx);
    this.#keep(run);
    if (this.sendStarted) this.#quietly(this.#tell("run.accepted", run, { acceptedAt: run.createdAt }));
    if (before) {
      this.brokenOff.delete(run.sessionKey);
      this.#forget(before);
    }
    return run;
  }

  lifecycle({ runId, sessionKey, agentId, sessionId, data = {}, ts }) {
    if (!runId || !this.#isOurs(sessionKey)) return;
    const hasEnded = (data.phase === "end" || data.phase === "error") && Boolean(data.executionSettled);
    const run = this.runs.get(runId);
    if (!run) {
      if (hasEnded && data.aborted) this.#dropped({ runId, sessionKey, agentId, sessionId }, data);
      return;
    }
    this.#note(run, { agentId, sessionId });
    if (hasEnded) this.#ends(run, data);
    else if (!run.startedAt && !run.isRefused) this.#started(run, data.startedAt ?? ts ?? Date.now());
  }

  /** The gateway says what the run waits for: a model that failed is asked again. */
  runStatus({ runId, data = {} }) {
    const run = this.runs.get(runId);
    if (!run) return;
    const { phase, retryAttempt = null, maxRetries = null, reason = null } = data;
    if (phase === "retrying") this.#waits(run, phase, { attempt: retryAttempt, of: maxRetries, reason });
    else this.#waits(run, "thinking", null);
  }

  /** The model was called and has answered, or has not: with its failure the run waits for another try or ends. */
  modelCallEnds(event, ctx) {
    const run = this.runs.get(event.runId ?? ctx.runId);
    if (!run) return;
    if (event.outcome === "error") this.#waits(run, "retrying", run.retry ?? { reason: event.failureKind ?? null });
    else this.#waits(run, "thinking", null);
  }

  toolCall(event, ctx, isRunning) {
    const run = this.runs.get(event.runId ?? ctx.runId);
    if (run) this.#waits(run, isRunning ? "tool" : "thinking", null);
  }

  attemptEnds(event, ctx) {
    const run = this.runs.get(event.runId ?? ctx.runId);
    if (!run) return;
    const last = event.messages?.at?.(-1);
    this.#note(run, ctx);
    run.attempts += 1;
    run.text = textOf(last);
    run.failure = event.error ?? (last?.stopReason === "error" ? last.errorMessage : null);
  }

  modelAnswered(event, ctx) {
    const run = this.runs.get(event.runId ?? ctx.runId);
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
      await this.#tell("run.interrupted", run, { status: "interrupted", startedAt: run.startedAt ?? null });
      await save(this.open, name, { ...run, isTold: true });
    }
    await this.#tell("gateway.started", {}, {});
    await this.outbox.flush();
  }

  /** After a reload of the plugin: go on with what `former` knows and has left to send. */
  takeOver(former) {
    this.brokenOff = former.brokenOff;
    this.#quietly(this.outbox.takeOver(former.outbox));
  }

  stop() {
    this.isStopped = true;
    this.outbox.stop();
    this.beats.stop();
  }

  #isOurs(sessionKey) {
    return this.pattern.test(sessionKey ?? "");
  }

  #begin(runId, sessionKey) {
    const known = this.runs.get(runId);
    if (known) return known;
    const run = { runId, sessionKey, phase: "accepted", attempts: 0, usage: {}, text: "", createdAt: Date.now() };
    this.runs.set(runId, run);
    if (this.runs.size > MOST_RUNS) this.runs.delete(this.runs.keys().next().value);
    return run;
  }

  #note(run, { agentId, sessionId }) {
    run.agentId = agentId ?? run.agentId;
    run.sessionId = sessionId ?? run.sessionId;
  }

  #waits(run, phase, retry) {
    const isNews = (run.retry?.attempt ?? null) !== (retry?.attempt ?? null) || Boolean(run.retry) !== Boolean(retry);
    Object.assign(run, { phase, retry });
    if (isNews) this.beats.changed(run);
  }

  #started(run, at) {
    Object.assign(run, { startedAt: at, phase: "thinking" });
    this.#keep(run);
    if (this.sendStarted) this.#quietly(this.#tell("run.started", run, { startedAt: at }));
  }

  #ends(run, data) {
    run.isEnding = true;
    setTimeout(() => this.#quietly(this.#finished(run, data)), SETTLE_MS);
  }

  #dropped(about, data) {
    this.#quietly(this.#tell("run.dropped", about, { error: data.error ?? null, stopReason: data.stopReason ?? null }));
  }

  async #finished(run, data) {
    if (!this.runs.delete(run.runId)) return; // told already
    const text = data.terminalReply?.text ?? run.text;
    const hasBegun = !run.isRefused && Boolean(run.startedAt || run.attempts || text);
    await this.#tell("run.finished", run, {
      status: statusOf(run, data, hasBegun),
      error: data.error ?? run.failure ?? (hasBegun ? null : NOT_BEGUN),
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
    this.#forget(run);
  }

  #keep(run) {
    const kept = structuredClone(run);
    this.#inOrder(() => save(this.open, `${run.runId}.json`, kept));
  }

  #forget(run) {
    this.#inOrder(() => remove(this.open, `${run.runId}.json`));
  }

  #inOrder(step) {
    this.#files = this.#files.then(step);
    this.#quietly(this.#files);
    this.#files = this.#files.catch(() => undefined);
  }

  #tell(event, { sessionKey, agentId, sessionId, runId, teamboardRunId = null }, facts) {
    const about = { sessionKey, agentId, sessionId, runId, teamboardRunId };
    return this.outbox.put({ event, id: randomUUID(), createdAt: Date.now(), ...about, ...facts });
  }

  #quietly(promise) {
    promise.catch((error) => this.logger.warn(`teamboard-callback: ${error}`));
  }
}

function statusOf(run, data, hasBegun) {
  if (data.timeoutPhase && data.timeoutPhase !== "gateway_draining") return "timeout";
  if (data.aborted || data.timeoutPhase) return "aborted";
  if (data.phase === "error" || run.failure) return "error";
  return hasBegun ? "ok" : "aborted"; // refused by a plugin at its start
}
