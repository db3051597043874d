"""The practice gateway as a process that tests start, kill, restart and set faults on."""

import json
import signal
import subprocess
import sys
import urllib.request
from functools import partial
from pathlib import Path

from apps.agents.gateways.openclaw_client import OpenClawClient
from apps.agents.gateways.plugin_control import PluginControl
from bench.processes import is_listening, wait_until
from teamboard.launch.ports import any_free
from teamboard.launch.programs import in_child

PROGRAM = Path(__file__).parents[2] / "integrations/openclaw/practice_gateway.py"
CONTROL = "control-token"
SECRETS = {"hook_token": "hook-token-0123456789", "gateway_token": "gateway-token-0123456789"}


class PracticeGateway:
    """Works a hundred times as fast as for people. `options` are its command line's, without dashes; None: no value."""

    def __init__(self, folder: Path, callback_url: str = "", **options: object) -> None:
        self.port = any_free()
        self.url = f"http://127.0.0.1:{self.port}"
        self.values = {
            "OPENCLAW_URL": self.url,
            "OPENCLAW_TOKEN": SECRETS["hook_token"],
            "OPENCLAW_GATEWAY_TOKEN": SECRETS["gateway_token"],
            "OPENCLAW_CALLBACK_SECRET": "callback-secret",
        }
        chosen = {
            "port": self.port,
            **SECRETS,
            "callback_url": callback_url,
            "callback_secret": self.values["OPENCLAW_CALLBACK_SECRET"],
            "control_token": CONTROL,
            "agents": "main,coder",
            "state": folder,
            "speed": 100,
        } | options
        self.command = [sys.executable, str(PROGRAM)]
        for name, value in chosen.items():
            self.command += [f"--{name.replace('_', '-')}", *([] if value is None else [str(value)])]
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            stdout=subprocess.DEVNULL,
            preexec_fn=partial(in_child, None, signal.SIGKILL),  # it never outlives us
        )
        wait_until(lambda: is_listening(self.port), "the practice gateway listens")

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        self.process.send_signal(how)
        self.process.wait(30)

    def kill_and_restart(self) -> None:
        self.stop(signal.SIGKILL)
        self.start()

    def client(self, **instead: str) -> OpenClawClient:
        return OpenClawClient(self.url, **(SECRETS | instead), is_named_by_operator=True)

    def control(self, secret: str = "") -> PluginControl:
        return PluginControl(self.url, secret or self.values["OPENCLAW_CALLBACK_SECRET"])

    def journal(self, what: str) -> list[dict]:
        return [line for line in self._control("/__journal") if line["what"] == what]

    def fault(self, mode: str, *, times: int | None = None, seconds: float | None = None) -> None:
        self._control("/__faults", {"mode": mode, "times": times, "seconds": seconds})

    def _control(self, path: str, body: dict | None = None):
        content = json.dumps(body).encode() if body is not None else None
        request = urllib.request.Request(self.url + path, content, {"X-Control-Token": CONTROL})
        with urllib.request.urlopen(request, timeout=5) as response:
            return json.load(response)
