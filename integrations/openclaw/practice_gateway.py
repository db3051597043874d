#!/usr/bin/env python3
"""A practice gateway: what OpenClaw says over HTTP, without OpenClaw and without a language model.

    practice_gateway.py --hook-token T --gateway-token T --callback-url URL --callback-secret S

`make run` starts it when no OpenClaw is configured, so that a newcomer sees the whole loop; its
agents say honestly that they are for practice. The tests start it because it keeps a journal of
what really happened and fails on demand. Standard library only; it listens on 127.0.0.1.

It does as OpenClaw 2026.9.6 with our callback plugin was seen to do: the same refusals, admission
(8 runs at once, one per session, 503 after 15 s), replay of an Idempotency-Key for 5 minutes,
forgotten at a restart, sessions that persist, runs resumed after a crash, signed callbacks, a beat
every 30 s, a report of the send that an overloaded gateway dropped, one more turn in the agent's
main session after a run that failed (in the journal: heartbeat), which our plugin ends before the
model is called unless the agents have --heartbeats, and stops by our plugin's route or by Team
Board's answer to a report: a stopped turn leaves no answer, and the next one's model is handed its
words again (in the journal: handed_on).

Markers in a message: [[delay:S]] work for S seconds, [[late:S]] begin only S seconds after the
admission (a crash before loses the run), [[fail]] or [[fail:WHY]] end in an error, [[abort]] or
[[abort:WHY]] be stopped by the gateway (no answer in the history), [[hang]] work until the time
limit, [[silent]] report nothing, [[say:TEXT]] answer TEXT, [[turns]] answer how many turns the
conversation has, [[usage:IN:OUT]] count tokens so.

With --control-token (header X-Control-Token): GET /__journal is the journal so far, and
POST /__faults {"mode", "times", "seconds"} makes the next `times` hook requests (for ever when
missing) go wrong: refuse (no connections for `seconds`), hang, garbage, unavailable (503), dropped
(503, and the dropped send is reported), dropped_old (the same, as our plugin 1.0 did: as a run that
started and was aborted), slow_down (429, Retry-After `seconds`), reset (the run is taken, the answer lost), slow (50 ms
or `seconds`), normal. With the mode old_plugin our plugin has no route and reads no answer: nothing is stopped. With
no_route it has none, or what is in between lets nothing through to it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import secrets
import sys

from practice.server import PracticeGateway


def options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--fd", type=int, help="a listening socket that is inherited, instead")
    parser.add_argument("--hook-token", default=os.environ.get("OPENCLAW_TOKEN", ""))
    parser.add_argument("--gateway-token", default=os.environ.get("OPENCLAW_GATEWAY_TOKEN", ""))
    parser.add_argument("--callback-url", default="", help="where reports go; none without it")
    parser.add_argument("--callback-secret", default=os.environ.get("OPENCLAW_CALLBACK_SECRET", ""))
    parser.add_argument("--control-token", default="", help="opens /__faults and /__journal")
    parser.add_argument("--agents", default="main,scribe", type=lambda text: text.split(","))
    parser.add_argument("--prefixes", default="task:,room:,hook:", type=lambda text: text.split(","))
    parser.add_argument("--state", help="folder that survives a restart")
    parser.add_argument("--journal", help="file; default: journal.jsonl in the state folder")
    parser.add_argument("--speed", type=float, default=1, help="2 works twice as fast")
    parser.add_argument("--slots", type=int, default=8, help="runs at once")
    parser.add_argument("--admission-seconds", type=float, default=15)
    parser.add_argument("--drain-seconds", type=float, default=5)
    parser.add_argument("--beat-seconds", type=float, default=30, help="between two signs of life of a run")
    parser.add_argument("--heartbeats", action="store_true", help="the agents have some")
    chosen = parser.parse_args(arguments)
    chosen.hook_token = chosen.hook_token or secrets.token_urlsafe(32)
    chosen.gateway_token = chosen.gateway_token or secrets.token_urlsafe(32)
    return chosen


if __name__ == "__main__":
    os.umask(0o077)
    asyncio.run(PracticeGateway(options(sys.argv[1:])).run())
