// An OpenClaw plugin that tells Team Board when an agent starts and ends the work on a task.

import path from "node:path";

import { Reporter } from "./reporter.js";

const ID = "teamboard-callback";

// register() runs several times (registrationMode "full", "discovery"), and the hooks and the events
// of one run may reach different registrations: all of them share one reporter.
function sharedReporter(api) {
  const key = Symbol.for(`openclaw.${ID}`);
  const config = JSON.stringify(api.pluginConfig ?? {});
  const shared = globalThis[key];
  if (shared?.config === config && !shared.reporter.isStopped) return shared.reporter;
  shared?.reporter.stop();
  const folder = path.join(api.runtime.state.resolveStateDir(process.env), ID);
  const reporter = new Reporter(api.pluginConfig ?? {}, folder, api.logger, shared?.reporter.runs);
  globalThis[key] = { config, reporter };
  return reporter;
}

export default {
  id: ID,
  name: "Team Board callback",
  description: "Tells Team Board when an agent starts and ends the work on one of its tasks.",
  register(api) {
    const reporter = sharedReporter(api);
    api.agent.events.registerAgentEventSubscription({
      id: "teamboard-lifecycle",
      description: "Start, retries and end of runs",
      streams: ["lifecycle", "run_status"],
      handle: (event) => {
        if (event.stream === "lifecycle") reporter.lifecycle(event);
        if (event.stream === "run_status") reporter.runStatus(event);
      },
    });
    api.on("before_agent_reply", (event, ctx) => reporter.turnBegins(event.cleanedBody, ctx));
    api.on("model_call_ended", (event, ctx) => reporter.modelCallEnds(event, ctx));
    api.on("before_tool_call", (event, ctx) => reporter.toolCall(event, ctx, true));
    api.on("after_tool_call", (event, ctx) => reporter.toolCall(event, ctx, false));
    api.on("agent_end", (event, ctx) => reporter.attemptEnds(event, ctx));
    api.on("llm_output", (event, ctx) => reporter.modelAnswered(event, ctx));
    api.on("gateway_start", () => reporter.start());
    api.on("gateway_stop", () => reporter.stop());
  },
};
