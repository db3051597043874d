// Stops by the route: signed, once, of a run that has not begun, works, waits, or went on after a crash.

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

let folder, gateway;

/** A gateway with our plugin and a real port; `active` are the sessions whose model call can be aborted. */
async function startGateway({ config = {}, ...instead } = {}) {
  delete globalThis[SHARED];
  const hooks = {};
  const warnings = [];
  let handle, route;
  plugin.register({
    pluginConfig: { secret: SECRET, ...config },
    runtime: {
      version: "2026.9.6",
      state: { resolveStateDir: () => folder },
      config: { current: () => ({ agents: { entries: { scribe: {} } }, hooks: { allowedAgentIds: ["scribe"] } }) },
    },
    logger: { warn: (words) => warnings.push(words) },
    agent: { events: { registerAgentEventSubscription: (wanted) => (handle = wanted.handle) } },
    on: (name, listener) => (hooks[name] = listener),
    registerHttpRoute: (wanted) => (route = wanted),
    ...instead,
  });
  const active = new Map();
  const aborted = [];
  const shared = globalThis[SHARED];
  const lifecycle = (data, runId, sessionKey = KEY) => handle({ stream: "lifecycle", runId, sessionKey, data });
  const abortAgentHarnessRun = (sessionId) => {
    aborted.push(sessionId);
    const runId = active.get(sessionId);
    active.delete(sessionId);
    if (runId) setImmediate(() => lifecycle({ phase: "error", aborted: true, executionSettled: true }, runId));
    return Boolean(runId);
  };
  const resolveActiveEmbeddedRunSessionId = (key) => (active.has(`s ${key}`) ? `s ${key}` : undefined);
  Object.assign(shared.stops, {
    harness: async () => ({ abortAgentHarnessRun, resolveActiveEmbeddedRunSessionId }),
    waitMs: 200,
  });
  const server = http.createServer((req, res) => void route.handler(req, res));
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}/teamboard/control`;
  const accept = (run, runId, sessionKey = KEY) =>
    hooks.before_agent_reply({ cleanedBody: `[teamboard-run:${run}]\nWrite.` }, { runId, sessionKey, agentId: "scribe" });
  return {
    ...{ url, route, hooks, aborted, warnings, shared, lifecycle, accept },
    /** The turn is at the model, where it can be aborted. */
    async atModel(run, sessionKey = KEY) {
      const runId = randomUUID();
      accept(run, runId, sessionKey);
      active.set(`s ${sessionKey}`, runId);
      await hooks.model_call_started({ runId }, { runId, sessionKey });
      return runId;
    },
    activate: (runId, sessionKey = KEY) => active.set(`s ${sessionKey}`, runId),
    async stop() {
      shared.reporter.stop();
      server.close().closeAllConnections();
    },
  };
}

function signed(body, { secret = SECRET, age = 0 } = {}) {
  const stamp = String(Math.floor(Date.now() / 1000) - age);
  const mac = createHmac("sha256", secret).update(`${stamp}.${body}`).digest("hex");
  return { "x-teamboard-timestamp": stamp, "x-teamboard-signature": `sha256=${mac}` };
}

async function post(body, { headers = signed(body), method = "POST" } = {}) {
  const response = await fetch(gateway.url, { method, headers, ...(method === "POST" ? { body } : {}) });
  return [response.status, await response.json()];
}

const ask = (value) => post(JSON.stringify({ id: randomUUID(), ...value }));
const stop = async (run) => (await ask({ do: "stop", run }))[1].result;
const kept = () => fs.readdir(path.join(folder, "teamboard-callback", "stops")).catch(() => []);

/** What waits to be told to the board about the run "r1", which has no address here. */
async function reports() {
  const outbox = path.join(folder, "teamboard-callback", "outbox");
  const files = (await fs.readdir(outbox).catch(() => [])).filter((name) => name.endsWith(".json")).sort();
  const events = await Promise.all(files.map(async (name) => JSON.parse(await fs.readFile(path.join(outbox, name)))));
  return events.filter((event) => event.runId === "r1");
}

async function until(holds) {
  const end = Date.now() + 4000;
  while (!(await holds()) && Date.now() < end) await new Promise((go) => setTimeout(go, 10));
  assert.ok(await holds());
}

beforeEach(async () => {
  folder = await fs.mkdtemp(path.join(os.tmpdir(), "teamboard-control-"));
  gateway = await startGateway();
});

afterEach(async () => {
  await gateway.stop();
  await fs.rm(folder, { recursive: true, force: true });
});

test("the route is open to our signature alone", async () => {
  assert.deepEqual([gateway.route.path, gateway.route.auth, gateway.route.match], ["/teamboard/control", "plugin", "exact"]);
  const body = JSON.stringify({ id: "1", do: "info" });
  assert.equal((await post(body))[0], 200);
  const stamp = signed(body)["x-teamboard-timestamp"];
  const wrong = [
    {},
    signed(body, { secret: "other" }),
    signed(body, { secret: "" }),
    signed(`${body} `),
    { ...signed(body), "x-teamboard-timestamp": String(Number(stamp) - 1) },
    { ...signed(body), "x-teamboard-signature": "sha256=" },
    signed(body, { age: 301 }),
    signed(body, { age: -310 }),
    { ...signed(body), "x-teamboard-timestamp": `0x${Number(stamp).toString(16)}` },
  ];
  for (const headers of wrong) assert.equal((await post(body, { headers }))[0], 401, JSON.stringify(headers));
  assert.equal((await post("", { method: "GET", headers: signed("") }))[0], 405);
  await gateway.stop();
  gateway = await startGateway({ config: { secret: "" } });
  assert.equal((await post(body, { headers: signed(body, { secret: "" }) }))[0], 401);
});

test("a request is taken once, also after a restart", async () => {
  const run = randomUUID();
  const withId = JSON.stringify({ id: randomUUID(), do: "stop", run });
  const withoutId = JSON.stringify({ do: "stop", run });
  const [one, other] = [signed(withId), signed(withoutId)];
  assert.equal((await post(withId, { headers: one }))[0], 200);
  assert.equal((await post(withoutId, { headers: other }))[0], 200);
  for (let life = 0; life < 2; life++) {
    assert.equal((await post(withId, { headers: one }))[0], 409);
    assert.equal((await post(withoutId, { headers: other }))[0], 409);
    await gateway.stop();
    gateway = await startGateway();
  }
});

test("what is no request is refused", async () => {
  for (const body of ["", "no", "[]", "null", '"stop"', "7"]) assert.equal((await post(body))[0], 400, body);
  for (const value of [{}, { do: "steer" }, { do: "stop" }, { do: "stop", run: "../x" }, { do: "stop", run: [] }])
    assert.equal((await ask(value))[0], 400, JSON.stringify(value));
  assert.equal((await post("x".repeat(70000)))[0], 413);
  assert.deepEqual(await kept(), []);
});

test("the gateway and the plugin say what they are", async () => {
  const [, info] = await ask({ do: "info" });
  const { version } = JSON.parse(await fs.readFile(new URL("../package.json", import.meta.url)));
  const { time, ...rest } = info;
  assert.ok(Math.abs(time - Date.now()) < 5000);
  const versions = { gateway: "2026.9.6", plugin: version, minimum: "2026.9.1" };
  const asked = { agents: ["scribe"], hookAgents: ["scribe"], prefixes: [], mappings: [] };
  assert.deepEqual(rest, { ok: true, ...versions, ...asked });
});

test("what is configured for task hooks is said", async () => {
  const mapping = { match: { path: "task-scribe" }, agentId: "scribe", timeoutSeconds: 300, token: "not told" };
  const hooks = {
    allowedAgentIds: ["scribe"],
    allowRequestSessionKey: true,
    allowedSessionKeyPrefixes: ["task:"],
    mappings: [mapping, { match: { path: "mail" } }, {}],
  };
  const state = { resolveStateDir: () => folder };
  await gateway.stop();
  gateway = await startGateway({ runtime: { version: "2026.9.6", state, config: { current: () => ({ hooks }) } } });
  const [, info] = await ask({ do: "info" });
  assert.deepEqual(info.prefixes, ["task:"]);
  assert.deepEqual(info.mappings, [{ hook: "scribe", agentId: "scribe", timeoutSeconds: 300, model: null }]);
  assert.deepEqual(info.agents, []);
});

test("an answer proves who gives it, to this request alone", async () => {
  const body = JSON.stringify({ id: randomUUID(), do: "info" });
  const headers = signed(body);
  const response = await fetch(gateway.url, { method: "POST", headers, body });
  const text = await response.text();
  const proof = `answer.${headers["x-teamboard-signature"]}.${text}`;
  const mac = createHmac("sha256", SECRET).update(proof).digest("hex");
  assert.equal(response.headers.get("x-teamboard-signature"), `sha256=${mac}`);
  const late = await fetch(gateway.url, { method: "POST", headers: signed(body, { age: 400 }), body });
  assert.ok(late.headers.get("x-teamboard-signature"), "a wrong clock is told by who has the secret");
  const wrong = await fetch(gateway.url, { method: "POST", headers: signed(body, { secret: "other" }), body });
  assert.deepEqual([wrong.status, wrong.headers.get("x-teamboard-signature")], [401, null]);
});

test("a check reports to Team Board and says what it answered", async () => {
  assert.deepEqual(await ask({ do: "check" }), [200, { ok: true, board: "no url" }]);
  const told = [];
  const board = http.createServer((req, res) => {
    req.on("data", (part) => told.push(JSON.parse(part).event));
    req.on("end", () => res.writeHead(401).end());
  });
  await new Promise((ready) => board.listen(0, "127.0.0.1", ready));
  await gateway.stop();
  gateway = await startGateway({ config: { url: `http://127.0.0.1:${board.address().port}` } });
  assert.deepEqual(await ask({ do: "check" }), [200, { ok: true, board: 401 }]);
  assert.deepEqual(told, ["gateway.checked"]);
  board.close().closeAllConnections();
  await until(async () => (await ask({ do: "check" }))[1].board === "ECONNREFUSED");
});

for (const [version, isTooOld] of Object.entries({
  ...{ "2026.8.2": true, "2026.4.20": true, "2025.12.31": true, "2026.9.0": true },
  ...{ "2026.9.1": false, "2026.9.6": false, "2026.10.1": false, "2027.1.1": false, practice: false },
}))
  test(`OpenClaw ${version} is ${isTooOld ? "too old, which is logged and reported" : "taken"}`, async () => {
    await gateway.stop();
    const state = { resolveStateDir: () => folder };
    gateway = await startGateway({ runtime: { version, state, config: { current: () => ({}) } } });
    await gateway.hooks.gateway_start();
    const outbox = path.join(folder, "teamboard-callback", "outbox");
    const waiting = (await fs.readdir(outbox)).filter((name) => name.endsWith(".json")).sort();
    const reports = await Promise.all(waiting.map(async (name) => JSON.parse(await fs.readFile(path.join(outbox, name)))));
    const report = reports.find(({ event }) => event === "gateway.unsupported");
    assert.deepEqual([gateway.warnings.length, Boolean(report)], isTooOld ? [1, true] : [0, false]);
    if (!isTooOld) return;
    assert.match(gateway.warnings[0], /too old, use 2026\.9\.1 or newer/);
    assert.deepEqual([reports.at(-1), report.gateway, report.minimum], [report, version, "2026.9.1"]);
  });

test("a run at the model is stopped, and the answer says so when it has ended", async () => {
  const run = randomUUID();
  await gateway.atModel(run);
  assert.equal(await stop(run), "stopped");
  assert.deepEqual(gateway.aborted, [`s ${KEY}`]);
  await until(async () => (await kept()).length === 0);
  assert.equal(await stop(run), "ended");
});

test("a run that has not begun is refused at its turn, also by the next life of the gateway", async () => {
  const [here, later, free] = [randomUUID(), randomUUID(), randomUUID()];
  assert.equal(await stop(here), "will-not-start");
  assert.equal(await stop(later), "will-not-start");
  assert.deepEqual(gateway.accept(here, randomUUID()), { handled: true });
  assert.equal(gateway.accept(free, randomUUID(), `${KEY}2`), undefined);
  await gateway.stop();
  gateway = await startGateway();
  assert.deepEqual(gateway.accept(later, "r1"), { handled: true });
  gateway.lifecycle({ phase: "start", startedAt: 5 }, "r1"); // OpenClaw says so all the same
  gateway.lifecycle({ phase: "end", executionSettled: true }, "r1");
  await until(async () => !(await kept()).includes(`${later}.json`));
  await until(async () => (await reports()).length === 2);
  const [accepted, finished] = await reports();
  assert.deepEqual([accepted.event, finished.event, finished.status], ["run.accepted", "run.finished", "aborted"]);
});

test("a run between two attempts of the model is stopped where it calls it again", async () => {
  const run = randomUUID();
  gateway.accept(run, "r1");
  assert.equal(await stop(run), "will-stop");
  assert.equal((await kept()).length, 1);
  gateway.activate("r1");
  await gateway.hooks.model_call_started({ runId: "r1" }, { runId: "r1", sessionKey: KEY });
  assert.deepEqual(gateway.aborted, [`s ${KEY}`]);
  await until(async () => (await kept()).length === 0);
});

test("a stop does not touch a newer run of the session", async () => {
  const [old, newer] = [randomUUID(), randomUUID()];
  gateway.accept(old, "r1");
  gateway.lifecycle({ phase: "end", executionSettled: true }, "r1");
  await gateway.atModel(newer);
  assert.equal(await stop(old), "ended");
  assert.equal(await stop(randomUUID()), "will-not-start");
  assert.deepEqual(gateway.aborted, []);
});

test("a run that OpenClaw would resume after a crash is refused then", async () => {
  const run = randomUUID();
  await gateway.atModel(run);
  const open = () => fs.readdir(path.join(folder, "teamboard-callback", "open")).catch(() => []);
  await until(async () => (await open()).length === 1);
  await gateway.stop();
  gateway = await startGateway(); // killed before it could be stopped
  await gateway.hooks.gateway_start({}, {});
  assert.equal(await stop(run), "will-not-start");
  const resumed = { cleanedBody: "[System] Your previous turn was interrupted by a gateway restart." };
  assert.deepEqual(gateway.hooks.before_agent_reply(resumed, { runId: "r2", sessionKey: KEY }), { handled: true });
});

test("two who ask at once are both answered", async () => {
  const run = randomUUID();
  gateway.accept(run, "r1");
  const answers = Promise.all([stop(run), stop(run)]);
  await until(async () => (await kept()).length === 1);
  gateway.lifecycle({ phase: "error", aborted: true, executionSettled: true }, "r1");
  for (const answer of await answers) assert.ok(["stopped", "ended"].includes(answer), answer);
});

test("wishes that nothing came of are forgotten in time", async () => {
  await gateway.stop();
  gateway = await startGateway({ config: { maxAgeMinutes: 1 } });
  const run = randomUUID();
  await stop(run);
  gateway.shared.stops.wishes.set(run, Date.now() - 61000);
  await stop(randomUUID());
  await until(async () => !(await kept()).includes(`${run}.json`));
  assert.equal(gateway.accept(run, randomUUID()), undefined);
});

test("an OpenClaw without routes is told about in the log", async () => {
  await gateway.stop();
  const former = gateway;
  gateway = { stop: async () => undefined };
  delete globalThis[SHARED];
  const warnings = [];
  plugin.register({
    pluginConfig: { secret: SECRET },
    runtime: { state: { resolveStateDir: () => folder } },
    logger: { warn: (words) => warnings.push(words) },
    agent: { events: { registerAgentEventSubscription() {} } },
    on() {},
  });
  globalThis[SHARED].reporter.stop();
  assert.match(warnings.join(), /runs can't be stopped/);
  assert.ok(former);
});

test("an OpenClaw that can't abort is no success", async () => {
  const run = randomUUID();
  gateway.accept(run, "r1");
  gateway.shared.stops.harness = () => Promise.reject(new Error("no such export"));
  assert.equal((await ask({ do: "stop", run }))[0], 500);
});
