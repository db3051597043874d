#!/usr/bin/env python3
"""A scripted model behind an OpenAI-compatible API: the same question always gets the same answer.

    scripted_llm.py --port 18800 [--log FILE]

Markers in the last user message decide:

    [[say:TEXT]]      answer TEXT
    [[turns]]         answer "user turns: N", N counting the user messages seen
    [[empty]]         answer nothing
    [[usage:IN:OUT]]  report exactly these token counts
    [[delay:S]]       wait S seconds before the first byte
    [[hang]]          never answer
    [[fail:N]]        answer HTTP N (500 without a number)
    [[cut]]           break the connection off in the middle of the answer

Without one the answer is "Scripted reply: " and the first line that somebody wrote. Standard library
only. GET /v1/models and /healthz answer as well; --log keeps each user message as a JSON line.
"""

from __future__ import annotations

import argparse
import json
import re
import select
import signal
import threading
import time
import uuid
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

HOST = "127.0.0.1"
MODELS = ("scripted-1", "scripted-2")
LONGEST = 900.0  # seconds
MARKER = re.compile(r"\[\[(say|turns|empty|usage|delay|hang|fail|cut)(?::(.*?))?\]\](?!\])", re.DOTALL)
# What OpenClaw puts around a message, and its own notes to the model.
INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>"
CRON = re.compile(r"^\[cron:[^\]]*\]\s*")
UNTRUSTED = re.compile(r"<<<EXTERNAL_UNTRUSTED_CONTENT[^>]*>>>.*?^---$(.*?)<<<END_EXTERNAL", re.DOTALL | re.M)


@dataclass(frozen=True)
class Plan:
    """What one request gets. Times are in seconds."""

    text: str
    tokens_in: int
    tokens_out: int
    delay: float = 0
    status: int = 200
    is_cut: bool = False


def plan_for(messages: list[dict]) -> Plan:
    turns = user_turns(messages)
    last = turns[-1] if turns else ""
    markers = dict(MARKER.findall(last))
    text = answer_to(last, len(turns), markers)
    given, _, answered = markers.get("usage", "").partition(":")
    size = sum(len(text_of(message.get("content"))) for message in messages)
    return Plan(
        text=text,
        tokens_in=int(given or size // 4 + 1),
        tokens_out=int(answered or len(text) // 4 + 1),
        delay=LONGEST if "hang" in markers else float(markers.get("delay") or 0),
        status=int(markers["fail"] or 500) if "fail" in markers else 200,
        is_cut="cut" in markers,
    )


def answer_to(message: str, turns: int, markers: dict[str, str]) -> str:
    if "turns" in markers:
        return f"user turns: {turns}"
    if "empty" in markers:
        return ""
    return markers.get("say") or f"Scripted reply: {first_line(message)}"


def user_turns(messages: list[dict]) -> list[str]:
    texts = [text_of(message.get("content")) for message in messages if message.get("role") == "user"]
    return [text for text in texts if not text.lstrip().startswith(INTERNAL)]


def text_of(content: object) -> str:
    """A message's content is a string or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n".join(part.get("text", "") for part in parts if isinstance(part, dict))


def first_line(text: str) -> str:
    """The first line the sender wrote, without OpenClaw's wrapping."""
    wrapped = UNTRUSTED.search(text)
    lines = CRON.sub("", wrapped.group(1) if wrapped else text).split("\n")
    return next((line.strip() for line in lines if line.strip()), "")[:200]


class Model(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, port: int, log: Path | None) -> None:
        super().__init__((HOST, port), Handler)
        self.log = log

    def remember(self, request: dict) -> None:
        if self.log:
            line = {"at": time.time(), "model": request.get("model"), "user": user_turns(request["messages"])[-1:]}
            with self.log.open("a") as file:
                file.write(json.dumps(line) + "\n")


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Model

    def log_message(self, *_) -> None:
        pass

    def do_GET(self) -> None:
        if self.path == "/healthz":
            self.reply(200, {"ok": True})
        elif self.path == "/v1/models":
            self.reply(200, {"object": "list", "data": [{"id": name, "object": "model"} for name in MODELS]})
        else:
            self.reply(404, {"error": {"message": "no such path"}})

    def do_POST(self) -> None:
        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.remember(request)
        plan = plan_for(request["messages"])
        if plan.delay and self.hangs_up_within(plan.delay):
            return
        if plan.status != 200:
            message = f"scripted failure with status {plan.status}"
            self.reply(plan.status, {"error": {"message": message, "type": "scripted_failure"}})
        elif request.get("stream"):
            self.stream(request, plan)
        else:
            choice = {
                "index": 0,
                "message": {"role": "assistant", "content": plan.text},
                "finish_reason": "stop",
            }
            self.reply(200, {**frame(request, "chat.completion"), "choices": [choice], "usage": usage_of(plan)})

    def reply(self, status: int, value: dict) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def stream(self, request: dict, plan: Plan) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True
        base = frame(request, "chat.completion.chunk")
        half = len(plan.text) // 2
        self.event({**base, "choices": [delta({"role": "assistant", "content": plan.text[:half]})]})
        if plan.is_cut:
            return
        self.event({**base, "choices": [delta({"content": plan.text[half:]})]})
        self.event({**base, "choices": [delta({}, "stop")]})
        if (request.get("stream_options") or {}).get("include_usage"):
            self.event({**base, "choices": [], "usage": usage_of(plan)})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, value: dict) -> None:
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()

    def hangs_up_within(self, seconds: float) -> bool:
        """Wait, and return True as soon as the caller has gone."""
        readable, _, _ = select.select([self.connection], [], [], min(seconds, LONGEST))
        self.close_connection = bool(readable)
        return bool(readable)


def frame(request: dict, kind: str) -> dict:
    identity = f"chatcmpl-{uuid.uuid4().hex}"
    return {"id": identity, "object": kind, "created": int(time.time()), "model": request.get("model")}


def delta(content: dict, finish: str | None = None) -> dict:
    return {"index": 0, "delta": content, "finish_reason": finish}


def usage_of(plan: Plan) -> dict:
    total = plan.tokens_in + plan.tokens_out
    return {"prompt_tokens": plan.tokens_in, "completion_tokens": plan.tokens_out, "total_tokens": total}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=18800)
    parser.add_argument("--log", type=Path, help="append one JSON line for each request")
    options = parser.parse_args()
    server = Model(options.port, options.log)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown, daemon=True).start())
    server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    main()
