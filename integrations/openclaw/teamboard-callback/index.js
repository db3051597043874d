// An OpenClaw plugin that tells Team Board when an agent starts and ends the work on a task, and stops it when told.

import path from "node:path";

import { Answers } from "./answers.js";
import { Control, ROUTE } from "./control.js";
import { Delivery } from "./delivery.js";
import { Heartbeats } from "./heartbeats.js";
import { Reporter } from "./reporter.js";
import { Stops } from "./stops.js";
import { infoOf, isTooOld, MINIMUM, unsupported } from "./versions.js";

const ID = "teamboard-callback";

// register() runs several times (registrationMode "full", "discovery"), and the hooks and the events
// of one run may reach different registrations: all of them share one reporter and what goes with it.
function sharedState(api) {
  const key = Symbol.for(`openclaw.${ID}`);
  const config = JSON.stringify(api.pluginConfig ?? {});
  const shared = globalThis[key];
  if (shared?.config === config && !shared.reporter.isStopped) return shared;
  shared?.reporter.stop();
  const folder = path.join(api.runtime.state.resolveStateDir(process.env), ID);
  const reporter = new Reporter(api.pluginConfig ?? {}, folder, api.logger, shared?.reporter.runs);
  if (shared) reporter.takeOver(shared.reporter);
  const stops = new Stops(folder, reporter, shared?.stops?.ended);
  const { url, secret = "", timeoutMs = 10000, swallowHeartbeats } = api.pluginConfig ?? {};
  const delivery = new Delivery({ url, secret, timeoutMs }); // beside the reporter's: what is answered to it asks for nothing
  const answers = new Answers(stops, delivery, api.logger);
  reporter.delivery.onAnswer = (text) => answers.take(text);
  const control = new Control(folder, secret, stops, api.logger, delivery);
  const heartbeats = new Heartbeats(swallowHeartbeats, () => api.runtime.config?.current());
  return (globalThis[key] = { config, reporter, stops, control, heartbeats });
}

function registerControl(api, control) {
  if (!api.registerHttpRoute) return api.logger.warn(`${ID}: this OpenClaw has no routes of plugins: runs can't be stopped`);
  const handler = control.handler(() => infoOf(api));
  return api.registerHttpRoute({ path: ROUTE, auth: "plugin", match: "exact", handler });
}

export default {
  id: ID,
  name: "Team Board callback",
  description: "Tells Team Board when an agent starts and ends the work on one of its tasks, and stops it when told.",
  register(api) {
    const { reporter, stops, control, heartbeats } = sharedState(api);
    const tooOld = isTooOld(api.runtime.version);
    if (tooOld) api.logger.warn(`${ID}: OpenClaw ${api.runtime.version} is too old, use ${MINIMUM} or newer: ends of runs are not seen`);
    registerControl(api, control);
    api.agent.events.registerAgentEventSubscription({
      id: "teamboard-lifecycle",
      description: "Start, retries and end of runs",
      streams: ["lifecycle", "run_status"],
      handle: (event) => {
        if (event.stream === "lifecycle") {
          reporter.lifecycle(event);
          const run = reporter.runs.get(event.runId);
          if (run?.isEnding) {
            stops.over(run);
            heartbeats.runEnds(run, event.data);
          }
        }
        if (event.stream === "run_status") reporter.runStatus(event);
      },
    });
    api.on("before_agent_reply", (event, ctx) => {
      if (ctx.trigger === "heartbeat") return heartbeats.swallows(ctx) ? { handled: true } : undefined;
      const run = reporter.turnBegins(event.cleanedBody, ctx);
      if (!stops.refuses(run)) return undefined;
      run.isRefused = true;
      return { handled: true }; // ends it without a call of the model
    });
    api.on("model_call_started", (event, ctx) => stops.modelCallStarts(event, ctx));
    api.on("model_call_ended", (event, ctx) => reporter.modelCallEnds(event, ctx));
    api.on("before_tool_call", (event, ctx) => reporter.toolCall(event, ctx, true));
    api.on("after_tool_call", (event, ctx) => reporter.toolCall(event, ctx, false));
    api.on("agent_end", (event, ctx) => reporter.attemptEnds(event, ctx));
    api.on("llm_output", (event, ctx) => reporter.modelAnswered(event, ctx));
    api.on("gateway_start", async () => {
      await reporter.start();
      if (tooOld) await reporter.outbox.put(unsupported(api)); // behind the start, of which it speaks
    });
    api.on("gateway_stop", () => reporter.stop());
  },
};
