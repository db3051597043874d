"""The real gateway, started once for all tests, and a listener for what our plugin reports.

The listener keeps every callback and hands it on to Team Board while one is running; so one
gateway, which takes a minute to start, serves the tests with Team Board and those without.
"""

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from apps.agents.openclaw import OpenClawClient
from bench.processes import wait_until

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLUGIN = ROOT / "integrations/openclaw/teamboard-callback"
STARTS_WITHIN = 200  # seconds


class Listener(ThreadingHTTPServer):
    """Takes callbacks at any path; `hand_on_to` is a Team Board, whose answers it then gives."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Callback)
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.hand_on_to = ""
        self.url = f"http://127.0.0.1:{self.server_port}"

    def events(self, teamboard_run: object) -> list[dict]:
        """What was reported about one run of ours, in order."""
        events = [json.loads(body) for _, body in self.received]
        return [event for event in events if event["teamboardRunId"] == str(teamboard_run)]

    def wait_for(self, teamboard_run: object, kind: str, seconds: float = 60) -> dict:
        def found() -> list[dict]:
            return [event for event in self.events(teamboard_run) if event["event"] == kind]

        wait_until(found, f"{kind} of {teamboard_run}", seconds)
        return found()[-1]


class Callback(BaseHTTPRequestHandler):
    server: Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((dict(self.headers), body))
        self.send_response(self.answer_of_team_board(body))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def answer_of_team_board(self, body: bytes) -> int:
        if not self.server.hand_on_to:
            return 200
        headers = {name: text for name, text in self.headers.items() if name.lower() != "host"}
        request = urllib.request.Request(self.server.hand_on_to + self.path, body, headers)
        try:
            with urllib.request.urlopen(request, timeout=9) as response:
                return response.status
        except urllib.error.HTTPError as refusal:
            return refusal.code
        except OSError:
            return 502

    def log_message(self, *_) -> None:
        pass


class RealGateway:
    """`gateway.py` as a process; its NAME=VALUE lines are `values`."""

    def __init__(self, install: str, folder: Path, callback_url: str) -> None:
        options = {
            "--install": install,
            "--dir": folder,
            "--agents": "main,coder",
            "--plugin": PLUGIN,
            "--callback-url": callback_url,
        }
        words = [str(word) for pair in options.items() for word in pair]
        self.process = subprocess.Popen(
            [sys.executable, str(HERE / "gateway.py"), *words], stdout=subprocess.PIPE, text=True
        )
        self.folder = folder
        self.lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.values: dict[str, str] = {}
        self.wait_until_ready()

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.put(line.strip())

    def wait_until_ready(self) -> None:
        while (line := self.lines.get(timeout=STARTS_WITHIN)) != "READY":
            name, _, value = line.partition("=")
            self.values[name] = value

    def kill_and_restart(self) -> None:
        """As a crash: SIGKILL, and up again with the same folder."""
        self.process.send_signal(signal.SIGUSR1)
        self.wait_until_ready()

    def client(self, **instead: str) -> OpenClawClient:
        secrets = {
            "hook_token": self.values["OPENCLAW_TOKEN"],
            "gateway_token": self.values["OPENCLAW_GATEWAY_TOKEN"],
        }
        return OpenClawClient(self.values["OPENCLAW_URL"], **(secrets | instead))

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(60)


@pytest.fixture(scope="session")
def install() -> str:
    """The folder that holds OpenClaw: OPENCLAW_INSTALL, or our cache."""
    folder = os.environ.get("OPENCLAW_INSTALL", str(ROOT / ".cache/openclaw"))
    subprocess.run([str(HERE / "install.sh"), folder], check=True)
    return folder


@pytest.fixture(scope="session")
def listener():
    server = Listener()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()


@pytest.fixture(scope="session")
def gateway(install, listener, tmp_path_factory):
    running = RealGateway(install, tmp_path_factory.mktemp("openclaw"), listener.url)
    yield running
    running.stop()
