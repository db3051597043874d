"""The real gateway, started once for all tests, and a listener for what our plugin reports.

The listener keeps every callback and hands it on to Team Board while one is running; so one
gateway, which takes a minute to start, serves the tests with Team Board and those without.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from apps.agents.openclaw import OpenClawClient
from tests.gateways.listener import Listener

pytest.register_assert_rewrite("tests.gateways.contract")

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PLUGIN = ROOT / "integrations/openclaw/teamboard-callback"
STARTS_WITHIN = 200  # seconds


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
