// What the board's answer to a report asks for, and the heartbeat that follows a run's end.

import assert from "node:assert/strict";
import { createHmac, randomUUID } from "node:crypto";
import fs from "node:fs/promises";
import http from "node:http";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";

import plugin from "../index.js";

const SECRET = "shared-secret";
const KEY = "agent:scribe:task:1";
const SHARED = Symbol.for("openclaw.teamboard-callback");

let board, folder, gateway;

/** A Team Board whose answers name `stops`, signed with `secret` over what `signs` makes of the request's signature. */
async function startBoard() {
  const running = { received: [], stops: [], status: 200, secret: SECRET, signs: (given, text) => `answer.${given}.${text}` };
  const server = http.createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    running.received.push(JSON.parse(body));
    const text = running.text ?? JSON.stringify({ outcome: "applied", stops: running.stops });
    const mac = createHmac("sha256", running.secret).update(running.signs(request.headers["x-teamboard-signature"], text));
    response.setHeader("x-teamboard-signature", `sha256=${mac.digest("hex")}`);
    response.writeHead(running.status).end(text);
  });
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}/`;
  return Object.assign(running, { url, close: () => server.close().closeAllConnections() });
}

function startGateway(config = {}, agents = {}) {
  delete globalThis[SHARED];
  const hooks = {};
  const aborted = [];
  let handle;
  plugin.register({
    pluginConfig: { url: board.url, secret: SECRET, ...config },
    runtime: { version: "2026.9.6", state: { resolveStateDir: () => folder }, config: { current: () => ({ agents }) } },
    logger: { warn() {} },
    agent: { events: { registerAgentEventSubscription: (wanted) => (handle = wanted.handle) } },
    on: (name, listener) => (hooks[name] = listener),
    registerHttpRoute() {},
  });
  const shared = globalThis[SHARED];
  const lifecycle = (data, runId, sessionKey = KEY) => handle({ stream: "lifecycle", runId, sessionKey, agentId: "scribe", data });
  const abortAgentHarnessRun = (key) => {
    aborted.push(key);
    setImmediate(() => lifecycle({ phase: "error", aborted: true, executionSettled: true }, "r1"));
    return true;
  };
  Object.assign(shared.stops, {
    harness: async () => ({ abortAgentHarnessRun, resolveActiveEmbeddedRunSessionId: (key) => key }),
    waitMs: 200,
  });
  const accept = (run, runId = "r1") =>
    hooks.before_agent_reply({ cleanedBody: `[teamboard-run:${run}]\nWrite.` }, { runId, sessionKey: KEY, agentId: "scribe" });
  const heartbeat = (sessionKey = "agent:scribe:main") =>
    hooks.before_agent_reply({ cleanedBody: "Follow the heartbeat …" }, { runId: randomUUID(), sessionKey, trigger: "heartbeat" });
  return { hooks, aborted, shared, lifecycle, accept, heartbeat };
}

const told = (kind) => board.received.filter(({ event }) => event === kind);

async function until(holds) {
  const end = Date.now() + 8000;
  while (!(await holds()) && Date.now() < end) await new Promise((go) => setTimeout(go, 10));
  assert.ok(await holds());
}

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "teamboard-answers-"));
  board = await startBoard();
  gateway = startGateway();
});

afterEach(async () => {
  gateway.shared.reporter.stop();
  board.close();
  await fs.rm(folder, { recursive: true, force: true, maxRetries: 5 });
});

for (const status of [200, 409])
  test(`a stop in the answer to a report is done and told (${status})`, async () => {
    const run = randomUUID();
    Object.assign(board, { stops: [run], status });
    gateway.accept(run);
    await until(() => told("stop.answered").length);
    const [{ teamboardRunId, result }] = told("stop.answered");
    assert.deepEqual([teamboardRunId, result, gateway.aborted], [run, "stopped", [KEY]]);
    await until(() => told("run.finished").some((event) => event.status === "aborted"));
  });

test("a stop in the answer to a beat is done", async () => {
  gateway.shared.reporter.stop();
  gateway = startGateway({ beatMs: 1000 });
  const run = randomUUID();
  gateway.accept(run);
  await until(() => told("run.accepted").length);
  board.stops = [run];
  await until(() => gateway.aborted.length);
});

test("a stop of a run that has not begun is told, and holds when it does", async () => {
  const later = randomUUID();
  board.stops = [later];
  await gateway.hooks.gateway_start();
  await until(() => told("stop.answered").length);
  assert.equal(told("stop.answered")[0].result, "will-not-start");
  assert.deepEqual(gateway.accept(later), { handled: true });
});

test("what answers a told stop asks for nothing: it does not go round", async () => {
  board.stops = [randomUUID()];
  await gateway.hooks.gateway_start();
  await until(() => told("stop.answered").length);
  await new Promise((go) => setTimeout(go, 300));
  assert.equal(told("stop.answered").length, told("gateway.started").length);
});

const WRONG = {
  "another secret": { secret: "other" },
  "the signature of another request": { signs: (given, text) => `answer.sha256=${"0".repeat(64)}.${text}` },
  "a request's own signature": { signs: (given, text) => `${given}.${text}` },
};
for (const [name, instead] of Object.entries(WRONG))
  test(`an answer with ${name} stops nothing`, async () => {
    const run = randomUUID();
    Object.assign(board, { stops: [run], ...instead });
    gateway.accept(run);
    await until(() => told("run.accepted").length);
    await new Promise((go) => setTimeout(go, 200));
    assert.deepEqual([gateway.aborted, gateway.shared.stops.wishes.size], [[], 0]);
  });

for (const text of ["", "no", "null", "[]", "{}", '{"stops": 1}', '{"stops": [1, null, "../x", {}]}'])
  test(`an answer that is ${text || "empty"} stops nothing`, async () => {
    board.text = text;
    gateway.accept(randomUUID());
    await until(() => told("run.accepted").length);
    assert.equal(gateway.shared.stops.wishes.size, 0);
  });

const OFF = { defaults: { heartbeat: { every: "0m" } } };
const ERROR = { phase: "error", executionSettled: true };

for (const [name, config, agents, isSwallowed] of [
  ["is ended where the agent has none", {}, OFF, true],
  ["is ended where this agent has none", {}, { entries: { scribe: { heartbeat: { every: 0 } } } }, true],
  ["goes on where the agent has heartbeats", {}, { defaults: { heartbeat: { every: "30m" } } }, false],
  ["goes on where nothing is said of heartbeats", {}, {}, false],
  ["is ended where the setting says so", { swallowHeartbeats: true }, {}, true],
  ["goes on where the setting says so", { swallowHeartbeats: false }, OFF, false],
])
  test(`the heartbeat that follows a stopped run ${name}`, () => {
    gateway.shared.reporter.stop();
    gateway = startGateway(config, agents);
    gateway.accept(randomUUID());
    gateway.lifecycle({ ...ERROR, aborted: true }, "r1");
    assert.deepEqual(gateway.heartbeat(), isSwallowed ? { handled: true } : undefined);
    assert.equal(gateway.heartbeat(), undefined, "the next one is a true one");
  });

test("the heartbeat of another agent, after a success, or much later goes on", () => {
  gateway.shared.reporter.stop();
  gateway = startGateway({}, OFF);
  assert.equal(gateway.heartbeat(), undefined);
  gateway.accept(randomUUID());
  gateway.lifecycle({ phase: "end", executionSettled: true }, "r1");
  assert.equal(gateway.heartbeat(), undefined);
  gateway.accept(randomUUID(), "r2");
  gateway.lifecycle(ERROR, "r2");
  assert.equal(gateway.heartbeat("agent:coder:main"), undefined);
  const now = Date.now;
  Date.now = () => now() + 11000;
  try {
    assert.equal(gateway.heartbeat(), undefined);
  } finally {
    Date.now = now;
  }
});
