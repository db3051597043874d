// What gateway and plugin say of themselves, and whether that OpenClaw is one we can work with.

import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";

/** Older ones have no sign of a run's end (2026.8.2), or refuse the configuration (2026.4.20). */
export const MINIMUM = "2026.9.1";
const VERSION = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8")).version;
const TASK_HOOK = /^task-(.+)$/;

/** Whether `version` is older than MINIMUM; of one that can't be read nothing is said. */
export function isTooOld(version) {
  const [given, least] = [version, MINIMUM].map((text) => /^(\d+)\.(\d+)\.(\d+)/.exec(text ?? "")?.slice(1).map(Number));
  if (!given) return false;
  const place = given.findIndex((number, index) => number !== least[index]);
  return place >= 0 && given[place] < least[place];
}

export function infoOf(api) {
  const { agents, hooks } = api.runtime.config.current();
  return {
    gateway: api.runtime.version,
    plugin: VERSION,
    minimum: MINIMUM,
    time: Date.now(),
    agents: Object.keys(agents?.entries ?? {}),
    hookAgents: hooks?.allowedAgentIds ?? null,
    prefixes: hooks?.allowRequestSessionKey ? (hooks.allowedSessionKeyPrefixes ?? null) : [],
    mappings: (hooks?.mappings ?? []).flatMap(mappingOf),
  };
}

/** The report about an OpenClaw that is too old. */
export function unsupported(api) {
  const versions = { gateway: api.runtime.version, plugin: VERSION, minimum: MINIMUM };
  return { event: "gateway.unsupported", id: randomUUID(), createdAt: Date.now(), ...versions };
}

function mappingOf({ match, agentId, timeoutSeconds = null, model = null }) {
  const found = TASK_HOOK.exec(match?.path ?? "");
  return found ? [{ hook: found[1], agentId, timeoutSeconds, model }] : [];
}
