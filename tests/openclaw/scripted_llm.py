#!/usr/bin/env python3
"""Scripted OpenAI-compatible model server for Team Board's tests.

It stands in for a real language model behind a real OpenClaw Gateway, so that
tests and demonstrations need neither network nor credentials and always get
the same answers. Standard library only.

    python3 scripted_llm.py --port 18800 [--host 127.0.0.1] [--log FILE]

What it answers is decided by markers in the LAST user message (markers in
older messages, in the system prompt and in tool results are ignored):

    [[say:TEXT]]          answer with TEXT (several are joined by blank lines)
    [[echo]]              answer with the whole user message as it was received
    [[turns]]             answer "user turns: N", N counting user messages seen
    [[words:N]]           answer with N deterministic words (long output)
    [[empty]]             answer with an empty text
    [[delay:S]]           wait S seconds before the first byte of the answer
    [[slow:S]]            spread the streamed answer over S seconds
    [[hang]]              accept the request and never answer (until it closes)
    [[fail]] [[fail:N]]   answer HTTP 500, or HTTP N (401, 429, 503, ...)
    [[flaky:N:KEY]]       answer HTTP 503 for the first N requests that carry
                          KEY, then answer normally
    [[cut]]               start streaming, then drop the connection
    [[tool:NAME ARGS]]    call tool NAME. ARGS is a JSON object, or plain text,
                          which becomes {"command": TEXT} for `exec`,
                          {"url": TEXT} for `web_fetch`, {"path": TEXT} for
                          `read` and {"input": TEXT} for anything else.
                          Several tool markers are called one after another,
                          one for each model turn, then the text is answered.
                          The text is by default the last tool's result.
    [[usage:IN:OUT]]      report exactly these token counts

Without a marker the answer is "Scripted reply: " and the first line of the
user message. Every answer depends only on the request (and, for [[flaky]], on
how often its key was seen).

Besides POST /v1/chat/completions (plain and streamed) and GET /v1/models there
are GET /healthz, GET /__requests (what was received, newest last, without the
system prompt) and POST /__reset.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import select
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

DEFAULT_MODELS = ("scripted-1", "scripted-2")
KEEP_REQUESTS = 500
MAX_SECONDS = 900.0
MARKER = re.compile(
    r"\[\[(say|echo|turns|words|empty|delay|slow|hang|fail|flaky|cut|tool|usage)"
    r"(?:[:\s](.*?))?\]\](?!\])",
    re.DOTALL,
)
INTERNAL = "<<<BEGIN_OPENCLAW_INTERNAL_CONTEXT>>>"
CRON_LABEL = re.compile(r"^\[cron:[^\]]*\]\s*")
UNTRUSTED = re.compile(
    r"<<<EXTERNAL_UNTRUSTED_CONTENT[^>]*>>>.*?^---$(.*?)<<<END_EXTERNAL",
    re.DOTALL | re.MULTILINE,
)
PLAIN_ARGUMENT = {"exec": "command", "web_fetch": "url", "read": "path"}


def text_of(content):
    """The text of a message's content, which is a string or a list of parts."""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "\n".join(part.get("text", "") for part in content if isinstance(part, dict))
    return ""


def split_messages(messages):
    """Return (last user text, number of user turns, tool results after it)."""
    user_text, turns, results = "", 0, []
    for message in messages:
        role = message.get("role")
        if role == "user":
            text = text_of(message.get("content"))
            if text.lstrip().startswith(INTERNAL):
                continue  # the gateway's own notes for the model
            user_text, results = text, []
            turns += 1
        elif role == "tool":
            results.append(text_of(message.get("content")))
    return user_text, turns, results


def number(text, default, top=MAX_SECONDS):
    try:
        return max(0.0, min(float(text), top))
    except (TypeError, ValueError):
        return default


def tool_call(argument):
    """Turn "NAME ARGS" into a tool name and its arguments."""
    name, _, rest = (argument or "").strip().partition(" ")
    rest = rest.strip()
    if rest.startswith("{"):
        try:
            return name, json.loads(rest)
        except ValueError:
            pass
    return name, {PLAIN_ARGUMENT.get(name, "input"): rest} if rest else {}


def first_line(text):
    """The first line the sender wrote, without the gateway's wrapping."""
    wrapped = UNTRUSTED.search(text)
    if wrapped:
        text = wrapped.group(1)
    for line in CRON_LABEL.sub("", text).splitlines():
        if line.strip():
            return line.strip()[:200]
    return ""


class Plan:
    """What one request gets, worked out from its messages."""

    def __init__(self, messages, flaky_seen):
        user_text, turns, results = split_messages(messages)
        self.delay = self.slow = 0.0
        self.status = 200
        self.hang = self.cut = False
        self.tool = None
        self.usage = None
        say, tools, fixed = [], [], None
        for name, argument in MARKER.findall(user_text):
            if name == "say":
                say.append(argument)
            elif name == "echo":
                fixed = user_text
            elif name == "turns":
                fixed = f"user turns: {turns}"
            elif name == "words":
                count = int(number(argument, 50, 200000))
                fixed = " ".join(f"word{index}" for index in range(1, count + 1))
            elif name == "empty":
                fixed = ""
            elif name == "delay":
                self.delay = number(argument, 1.0)
            elif name == "slow":
                self.slow = number(argument, 1.0)
            elif name == "hang":
                self.hang = True
            elif name == "cut":
                self.cut = True
            elif name == "fail":
                self.status = int(number(argument, 500, 599)) or 500
            elif name == "flaky":
                times, _, key = argument.partition(":")
                if flaky_seen(key or "default") <= number(times, 1, 1000):
                    self.status = 503
            elif name == "tool":
                tools.append(argument)
            elif name == "usage":
                left, _, right = argument.partition(":")
                self.usage = (int(number(left, 0, 1e9)), int(number(right, 0, 1e9)))
        if len(results) < len(tools):
            self.tool = tool_call(tools[len(results)])
            self.text = ""
        elif say:
            self.text = "\n\n".join(say)
        elif fixed is not None:
            self.text = fixed
        elif results:
            self.text = "The tool answered: " + results[-1].strip()
        else:
            self.text = "Scripted reply: " + first_line(user_text)
        self.user_text, self.turns, self.results = user_text, turns, results


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address, models, log):
        super().__init__(address, Handler)
        self.models, self.log = models, log
        self.lock = threading.Lock()
        self.requests, self.flaky, self.serial = [], {}, 0

    def flaky_seen(self, key):
        with self.lock:
            self.flaky[key] = self.flaky.get(key, 0) + 1
            return self.flaky[key]

    def remember(self, record):
        with self.lock:
            self.serial += 1
            record["n"] = self.serial
            self.requests.append(record)
            del self.requests[:-KEEP_REQUESTS]
            if self.log:
                print(json.dumps(record), file=self.log, flush=True)

    def handle_error(self, request, client_address):
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "ScriptedLLM/1"

    def log_message(self, format, *args):
        pass

    def send_json(self, status, value, extra=()):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, content in extra:
            self.send_header(name, content)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/healthz":
            self.send_json(200, {"ok": True})
        elif path == "/v1/models":
            data = [{"id": name, "object": "model", "owned_by": "scripted"} for name in self.server.models]
            self.send_json(200, {"object": "list", "data": data})
        elif path == "/__requests":
            with self.server.lock:
                self.send_json(200, {"requests": list(self.server.requests)})
        else:
            self.send_json(404, {"error": {"message": "no such path"}})

    def do_POST(self):
        try:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        except ValueError:
            self.send_json(411, {"error": {"message": "length required"}})
            return
        path = self.path.split("?")[0]
        if path == "/__reset":
            with self.server.lock:
                self.server.requests.clear()
                self.server.flaky.clear()
            self.send_json(200, {"ok": True})
            return
        if path != "/v1/chat/completions":
            self.send_json(404, {"error": {"message": "no such path"}})
            return
        try:
            request = json.loads(body)
            messages = request["messages"]
            plan = Plan(messages, self.server.flaky_seen)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.send_json(400, {"error": {"message": f"bad request: {error}"}})
            return
        self.server.remember(
            {
                "time": time.time(),
                "model": request.get("model"),
                "stream": bool(request.get("stream")),
                "user": plan.user_text,
                "turns": plan.turns,
                "tool_results": plan.results,
                "tools": [tool.get("function", {}).get("name") for tool in request.get("tools") or ()],
                "status": plan.status,
                "reasoning_effort": request.get("reasoning_effort"),
            }
        )
        if plan.hang:
            self.wait_closed(MAX_SECONDS)
            return
        if plan.delay and self.wait_closed(plan.delay):
            return
        if plan.status != 200:
            extra = [("Retry-After", "1")] if plan.status == 429 else []
            message = f"scripted failure with status {plan.status}"
            error = {"message": message, "type": "scripted_failure", "code": plan.status}
            self.send_json(plan.status, {"error": error}, extra)
            return
        self.answer(request, plan, body)

    def wait_closed(self, seconds):
        """Wait, and return True as soon as the caller has hung up."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(left, 0.5))
            if readable:
                try:
                    gone = not self.connection.recv(1, 0x02)  # MSG_PEEK
                except OSError:
                    gone = True
                if gone:
                    self.close_connection = True
                    return True
                time.sleep(min(left, 0.05))
        return False

    def answer(self, request, plan, body):
        digest = hashlib.sha256(body).hexdigest()[:24]
        base = {
            "id": f"chatcmpl-{digest}",
            "created": int(time.time()),
            "model": request.get("model") or self.server.models[0],
        }
        size = sum(len(text_of(m.get("content"))) for m in request["messages"])
        tokens_in, tokens_out = plan.usage or (
            max(1, size // 4),
            max(1, len(plan.text) // 4),
        )
        usage = {
            "prompt_tokens": tokens_in,
            "completion_tokens": tokens_out,
            "total_tokens": tokens_in + tokens_out,
        }
        calls, finish = None, "stop"
        if plan.tool:
            name, arguments = plan.tool
            finish = "tool_calls"
            calls = [
                {
                    "id": f"call_{digest[:16]}",
                    "type": "function",
                    "function": {"name": name, "arguments": json.dumps(arguments)},
                }
            ]
        if not request.get("stream"):
            message = {"role": "assistant", "content": plan.text}
            if calls:
                message["tool_calls"] = calls
            choice = {"index": 0, "message": message, "finish_reason": finish}
            value = {**base, "object": "chat.completion", "choices": [choice]}
            self.send_json(200, {**value, "usage": usage})
            return

        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Cache-Control", "no-cache")
        self.send_header("Connection", "close")
        self.end_headers()
        self.close_connection = True

        def chunk(delta, finish_reason=None):
            choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
            self.event({**base, "object": "chat.completion.chunk", "choices": [choice]})

        chunk({"role": "assistant", "content": ""})
        pieces = re.findall(r"\S+\s*|\s+", plan.text)
        group = max(1, len(pieces) // 200)
        pieces = ["".join(pieces[i : i + group]) for i in range(0, len(pieces), group)]
        pause = plan.slow / max(1, len(pieces))
        for index, piece in enumerate(pieces):
            if plan.cut and index >= len(pieces) // 2:
                return
            chunk({"content": piece})
            if pause and self.wait_closed(pause):
                return
        if plan.cut:
            return
        if calls:
            chunk({"tool_calls": [{"index": 0, **calls[0]}]})
        chunk({}, finish)
        if (request.get("stream_options") or {}).get("include_usage"):
            value = {**base, "object": "chat.completion.chunk", "choices": []}
            self.event({**value, "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")
        self.wfile.flush()

    def event(self, value):
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()


def main(argv=None):
    parser = argparse.ArgumentParser(description="Scripted OpenAI-compatible model.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=18800, help="0 picks a free one")
    parser.add_argument("--model", action="append", help="a model id to list")
    parser.add_argument("--log", help="append one JSON line for each request")
    options = parser.parse_args(argv)
    log = Path(options.log).open("a") if options.log else None  # noqa: SIM115 - open to the end
    models = tuple(options.model or DEFAULT_MODELS)
    server = Server((options.host, options.port), models, log)
    signal.signal(
        signal.SIGTERM,
        lambda *_: threading.Thread(target=server.shutdown, daemon=True).start(),
    )
    host, port = server.server_address[:2]
    print(f"SCRIPTED_LLM_URL=http://{host}:{port}/v1", flush=True)
    try:
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        pass
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
