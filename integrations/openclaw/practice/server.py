"""The gateway's endpoints and its process."""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import os
import re
import signal
import socket
import tempfile
import uuid
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote

from practice import faults
from practice.faults import Faults
from practice.hooks import Hooks
from practice.journal import Journal
from practice.plugin import Plugin
from practice.runs import Runs
from practice.wire import Refusal, Reply, Request, bad_request, parsed, read_request
from practice.work import MODEL

HOST = "127.0.0.1"


class PracticeGateway:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        state = Path(options.state or tempfile.mkdtemp(prefix="practice-gateway-"))
        state.mkdir(parents=True, exist_ok=True)
        self.journal = Journal(Path(options.journal or state / "journal.jsonl"))
        self.runs = Runs(options, state, self.journal)
        self.faults = Faults()
        self.hooks = Hooks(options, self.runs)
        self.plugin = Plugin(options, self.runs, self.faults)
        self.server: asyncio.Server | None = None

    async def reply_to(self, request: Request) -> Reply:
        path = request.path
        try:
            if path in ("/health", "/healthz"):
                return Reply(200, {"ok": True, "status": "live"})
            if path in ("/ready", "/readyz"):
                return Reply(503 if self.runs.is_draining else 200, {"ready": not self.runs.is_draining, "failing": []})
            if path == "/startupz":
                return Reply(200, {"ok": True, "status": "started", "version": "practice"})
            if path.startswith("/__"):
                return self._control(request)
            if path.startswith("/hooks"):
                return await self.hooks.answer(request)
            if path == "/teamboard/control":
                return await self.plugin.answer(request)
            self._check_gateway_token(request)
            if found := re.fullmatch(r"/sessions/([^/]+)/history", path):
                return self._history(unquote(found.group(1)).lower(), request.query)
            if path == "/v1/models":
                return Reply(200, {"data": [{"id": f"openclaw/{name}"} for name in self.options.agents]})
            if path == "/api/v1/admin/rpc":
                return self._rpc(request)
        except Refusal as refusal:
            return refusal.reply
        return Reply(404, "Not Found")

    def _check_gateway_token(self, request: Request) -> None:
        if not hmac.compare_digest(request.bearer(), self.options.gateway_token):
            raise Refusal(401, {"error": {"message": "Unauthorized", "type": "unauthorized"}})

    def _history(self, key: str, query: dict[str, str]) -> Reply:
        """The newest page first; the cursor is where the next older one ends."""
        messages = self.runs.sessions.messages(key)
        if messages is None:
            raise Refusal(404, {"ok": False, "error": {"type": "not_found", "message": "Session not found"}})
        numbered = [
            row | {"__openclaw": {**row.get("__openclaw", {}), "seq": seq}} for seq, row in enumerate(messages, start=1)
        ]
        end = int(query.get("cursor") or len(numbered) + 1) - 1
        start = max(0, end - int(query.get("limit") or 100))
        page = numbered[start:end]
        more = {"hasMore": start > 0} | ({"nextCursor": str(start + 1)} if start else {})
        return Reply(200, {"sessionKey": key, "items": page, "messages": page, **more})

    def _rpc(self, request: Request) -> Reply:
        if parsed(request.body).get("method") != "agents.list":
            raise bad_request("the practice gateway knows agents.list only")
        agents = [
            {"id": name, "name": name.title(), "model": {"primary": f"practice/{MODEL}"}}
            for name in self.options.agents
        ]
        return Reply(
            200,
            {
                "id": str(uuid.uuid4()),
                "ok": True,
                "payload": {"defaultId": agents[0]["id"], "agents": agents},
            },
        )

    def _control(self, request: Request) -> Reply:
        token = self.options.control_token
        if not token or not hmac.compare_digest(request.headers.get("x-control-token", ""), token):
            raise Refusal(404, "Not Found")
        if request.path == "/__journal":
            return Reply(200, self.journal.lines())
        if request.path == "/__faults" and request.method == "POST":
            self.faults.set(**parsed(request.body))
            if self.faults.mode == "refuse":
                self.runs.track(self._refuse_connections(self.faults.seconds or 1))
            return Reply(200, asdict(self.faults))
        raise Refusal(404, "Not Found")

    async def _refuse_connections(self, seconds: float) -> None:
        await asyncio.sleep(0.05)  # let the answer out
        self.server.close()
        await asyncio.sleep(seconds)
        self.faults.set()
        await self.listen()

    async def _injects_fault(self, request: Request, writer: asyncio.StreamWriter) -> bool:
        if not request.path.startswith("/hooks"):
            return False
        self._log_request(request)
        return await faults.inject(self.faults, request, writer, hooks=self.hooks, reply_to=self.reply_to)

    def _log_request(self, request: Request) -> None:
        digest = hashlib.sha256(request.body).hexdigest()
        key = request.headers.get("idempotency-key", "")
        self.journal.log("request", path=request.path, key=key, sha256=digest, fault=self.faults.mode)

    async def listen(self) -> None:
        where: dict = {"host": HOST, "port": self.options.port}
        if self.options.fd is not None:
            where = {"sock": socket.socket(fileno=os.dup(self.options.fd))}
        self.server = await asyncio.start_server(self._serve, limit=2**17, backlog=512, **where)
        self.options.port = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (request := await read_request(reader)) is not None:
                if not await self._injects_fault(request, writer):
                    writer.write((await self.reply_to(request)).encoded())
                await writer.drain()
                if request.is_too_large:
                    break
        except (ConnectionError, ValueError):
            pass  # the caller hung up, or does not speak HTTP
        finally:
            writer.close()

    async def run(self) -> None:
        stop = asyncio.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(name, stop.set)
        await self.listen()
        self.journal.log("started", pid=os.getpid())
        lanes = self.runs.outbox.start()
        self.runs.report_start()
        self.runs.resume_unfinished_runs()
        print(f"READY http://{HOST}:{self.options.port}", flush=True)
        await stop.wait()
        self.runs.is_draining = True
        if self.runs.running:
            await asyncio.wait(self.runs.running, timeout=self.options.drain_seconds)
        for task in (*lanes, *self.runs.running):
            task.cancel()
        self.journal.log("stopped")
