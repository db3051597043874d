"""/hooks/…: what Team Board posts to start a run."""

from __future__ import annotations

import argparse
import hmac
import time
import uuid
from collections import deque

from practice.runs import Runs
from practice.sessions import stored_key
from practice.wire import Refusal, Reply, Request, bad_request, parsed, text_in
from practice.work import Run

FAILURES, FAILURE_SECONDS = 20, 60


class Hooks:
    def __init__(self, options: argparse.Namespace, runs: Runs) -> None:
        self.options, self.runs = options, runs
        self.failures: deque[float] = deque(maxlen=FAILURES)

    async def answer(self, request: Request) -> Reply:
        self._check_hook_token(request)
        if self.runs.is_draining:
            raise Refusal(503, {"error": {"code": "gateway_unavailable", "message": "gateway is draining"}})
        if request.method != "POST":
            raise Refusal(405, "Method Not Allowed", Allow="POST")
        if request.is_too_large:
            raise bad_request("payload too large", 413)
        if request.path == "/hooks/wake":
            return self._wake(parsed(request.body))
        run = self.run_of(request)
        key = request.headers.get("idempotency-key", "")
        return Reply(200, {"ok": True, "runId": await self.runs.start_run(run, key, request.body)})

    def run_of(self, request: Request) -> Run:
        hook = request.path.removeprefix("/hooks/")
        if hook == "agent":
            return self._agent_hook_run(parsed(request.body))
        if hook.startswith("task-") and hook.removeprefix("task-") in self.options.agents:
            return self._mapped_hook_run(hook.removeprefix("task-"), parsed(request.body))
        raise Refusal(404, "Not Found")

    def _check_hook_token(self, request: Request) -> None:
        if "token" in request.query:
            raise Refusal(400, "Hook token must be provided via the Authorization header.")
        given = request.bearer() or request.headers.get("x-openclaw-token", "")
        if hmac.compare_digest(given, self.options.hook_token):
            return
        recent = [at for at in self.failures if time.monotonic() - at < FAILURE_SECONDS]
        if len(recent) >= FAILURES:
            raise Refusal(429, "Too Many Requests", Retry_After=str(FAILURE_SECONDS))
        self.failures.append(time.monotonic())
        raise Refusal(401, "Unauthorized")

    def _wake(self, body: dict) -> Reply:
        if not text_in(body, "text"):
            raise bad_request("text required")
        self.runs.journal.log("woken")
        return Reply(200, {"ok": True, "mode": body.get("mode", "now"), "eventOutcome": "queued"})

    def _agent_hook_run(self, body: dict) -> Run:
        if not text_in(body, "message"):
            raise bad_request("message required")
        agent = body.get("agentId") or self.options.agents[0]
        if agent not in self.options.agents:
            raise bad_request(f'unknown agentId "{agent}"')
        key = body.get("sessionKey") or ""
        if body.get("sessionMode") == "persistent" and not key:
            raise bad_request("sessionKey is required when sessionMode is persistent")
        if body.get("sessionMode") != "persistent":
            self._check_session_key(key or "hook:none")
            key = f"cron:{uuid.uuid4()}:run:{uuid.uuid4()}"
        else:
            self._check_session_key(key)
        timeout = body.get("timeoutSeconds")
        return Run(agent, stored_key(agent, key), body["message"], timeout if isinstance(timeout, int) else 300)

    def _mapped_hook_run(self, agent: str, body: dict) -> Run:
        if not text_in(body, "message"):
            raise bad_request("hook mapping requires message")
        if not text_in(body, "sessionKey"):
            raise bad_request("hook mapping sessionKey template rendered empty")
        self._check_session_key(body["sessionKey"])
        return Run(agent, stored_key(agent, body["sessionKey"]), body["message"], 300, is_mapped=True)

    def _check_session_key(self, key: str) -> None:
        if not key.startswith(tuple(self.options.prefixes)):
            raise bad_request(f"sessionKey must start with one of: {', '.join(self.options.prefixes)}")
