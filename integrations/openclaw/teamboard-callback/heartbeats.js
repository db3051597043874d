// After a run that failed or was stopped OpenClaw calls the model once more, a second later, in the agent's main
// session, as for a heartbeat. Where the agent has no heartbeats, nobody asked for that call: it is ended before
// the model is called. Where it has them, one can't be told from the other, and all go on.

const WITHIN_MS = 10000; // of the run's end
const ZERO = /^0+(\.0+)?[a-z]*$/;

export class Heartbeats {
  #due = new Map(); // agent -> until when its next heartbeat is the one that follows a run's end

  /** `wanted` (a setting) decides for all agents; without it each agent's own configuration does. */
  constructor(wanted, configuration) {
    Object.assign(this, { wanted, configuration });
  }

  /** A run of ours has ended, as the gateway's last event about it says. */
  runEnds(run, data) {
    if (!run.isRefused && (data.phase === "error" || data.aborted || run.failure)) this.#due.set(run.agentId, Date.now() + WITHIN_MS);
  }

  /** Whether the heartbeat that begins is to be ended at once. */
  swallows({ agentId, sessionKey }) {
    const agent = agentId ?? /^agent:([^:]+):/.exec(sessionKey ?? "")?.[1];
    const until = this.#due.get(agent);
    this.#due.delete(agent);
    return Date.now() <= until && (this.wanted ?? this.#hasNone(agent));
  }

  #hasNone(agent) {
    const { entries, defaults } = this.configuration()?.agents ?? {};
    const every = entries?.[agent]?.heartbeat?.every ?? defaults?.heartbeat?.every;
    return ZERO.test(String(every ?? ""));
  }
}
