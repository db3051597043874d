"""What our plugin adds: its own route, and what it does with Team Board's answers to its reports."""

from __future__ import annotations

import argparse
import hmac
import json
import time
import uuid

from practice.faults import Faults
from practice.journal import now_ms
from practice.outbox import signature
from practice.runs import Runs
from practice.stop_wishes import RUN, SIGNED_SECONDS
from practice.wire import Refusal, Reply, Request, bad_request, parsed, text_in


class Plugin:
    def __init__(self, options: argparse.Namespace, runs: Runs, faults: Faults) -> None:
        self.options, self.runs, self.faults = options, runs, faults
        runs.outbox.on_answer = self._hear

    async def answer(self, request: Request) -> Reply:
        """Our plugin's own: the answer to who has the secret is signed, too, over the request's signature."""
        if self.faults.mode in ("old_plugin", "no_route"):
            raise Refusal(404, "Not Found")
        secret, given = self.options.callback_secret.encode(), request.headers.get("x-teamboard-signature", "")
        stamp = request.headers.get("x-teamboard-timestamp", "")
        is_signed = bool(secret) and hmac.compare_digest(
            signature(secret, stamp.encode() + b"." + request.body).encode(), given.encode()
        )
        try:
            reply = await self._answer(request, stamp, given, is_signed=is_signed)
        except Refusal as refusal:
            reply = refusal.reply
        if is_signed:
            text = json.dumps(reply.value, ensure_ascii=False).encode()
            reply.headers["X-Teamboard-Signature"] = signature(secret, f"answer.{given}.".encode() + text)
        return reply

    async def _answer(self, request: Request, stamp: str, given: str, *, is_signed: bool) -> Reply:
        """Signed as a report is, and each request is taken once."""
        if self.runs.is_draining:
            raise Refusal(503, {"error": {"code": "gateway_unavailable", "message": "gateway is draining"}})
        if request.method != "POST":
            raise Refusal(405, {"ok": False, "error": "POST only"}, Allow="POST")
        if not is_signed:
            raise bad_request("not signed with the callback secret", 401)
        if not stamp.isdecimal() or abs(time.time() - int(stamp)) > SIGNED_SECONDS:
            raise bad_request("not signed within five minutes of this gateway's clock", 401)
        asked = parsed(request.body)
        if not self.runs.stops.is_new(asked["id"] if text_in(asked, "id") else given):
            raise bad_request("seen before", 409)
        if asked.get("do") == "info":
            return Reply(200, {"ok": True} | self._info())
        if asked.get("do") == "check":
            event = {"event": "gateway.checked", "id": str(uuid.uuid4()), "createdAt": now_ms()}
            return Reply(200, {"ok": True, "board": await self.runs.outbox.answer_to(event)})
        if asked.get("do") != "stop":
            raise bad_request("unknown request")
        run = str(asked.get("run")).lower()
        if not RUN.fullmatch(run):
            raise bad_request("run must be a run's id")
        return Reply(200, {"ok": True, "result": await self._stop(run)})

    async def _stop(self, run: str) -> str:
        result = await self.runs.stops.stop(run)
        self.runs.journal.log("stop", teamboard_run=run, result=result)
        return result

    def _hear(self, event: dict, answer: dict) -> None:
        """Stop what Team Board's answer to a report names; what is answered to that is not listened to."""
        named = answer.get("stops")
        if self.faults.mode == "old_plugin" or event["event"] == "stop.answered" or not isinstance(named, list):
            return
        for run in named:
            if isinstance(run, str) and RUN.fullmatch(run) and run not in self.runs.stops.answered:
                self.runs.stops.answered.add(run)
                self.runs.track(self._stop_and_tell(run))

    async def _stop_and_tell(self, run: str) -> None:
        about = {"event": "stop.answered", "id": str(uuid.uuid4()), "createdAt": now_ms(), "teamboardRunId": run}
        try:
            await self.runs.outbox.try_once(about | {"result": await self._stop(run)})
        finally:
            self.runs.stops.answered.discard(run)

    def _info(self) -> dict:
        names = list(self.options.agents)
        mappings = [{"hook": name, "agentId": name, "timeoutSeconds": 300, "model": None} for name in names]
        return {
            "gateway": "practice",
            "plugin": "practice",
            "minimum": "practice",
            "time": now_ms(),
            "agents": names,
            "hookAgents": names,
            "prefixes": list(self.options.prefixes),
            "mappings": mappings,
        }
