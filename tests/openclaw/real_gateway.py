"""A real OpenClaw gateway with a scripted model, both on loopback, in a folder of their own.

    tests/openclaw/install.sh FOLDER
    python -m tests.openclaw.real_gateway --install FOLDER --callback-url http://127.0.0.1:8000

prints what Team Board's environment needs to use it, and runs until Ctrl-C. Its configuration is the
one that the plugin's README tells people to paste, with what a test needs besides.
"""

import argparse
import contextlib
import json
import os
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import urllib.request
from functools import partial
from pathlib import Path

from apps.agents.gateways.openclaw_client import OpenClawClient, run_named_in
from apps.agents.gateways.plugin_control import PluginControl
from bench.processes import wait_until
from teamboard.launch.ports import any_free
from teamboard.launch.programs import in_child

HERE = Path(__file__).parent
PLUGIN = HERE.parents[1] / "integrations/openclaw/teamboard-callback"
HOST = "127.0.0.1"
AGENTS = ("main", "coder")
MODELS = ("scripted-1", "scripted-2")
STARTS_WITHIN = 200  # seconds, on a busy machine
STOPS_WITHIN = 15  # it ends open runs first, for minutes if one lets it


class RealGateway:
    """Started and ready when made. `values` are the variables that Team Board reads."""

    def __init__(self, install: str, folder: Path, callback_url: str) -> None:
        self.folder, self.launcher = folder, Path(install).resolve() / "bin/openclaw"
        self.port, self.llm_port = any_free(), any_free()
        self.values = {
            "OPENCLAW_URL": f"http://{HOST}:{self.port}",
            "OPENCLAW_TOKEN": secrets.token_urlsafe(32),
            "OPENCLAW_GATEWAY_TOKEN": secrets.token_urlsafe(32),
            "OPENCLAW_CALLBACK_SECRET": secrets.token_urlsafe(32),
            "OPENCLAW_MAPPED_HOOKS": "1",
        }
        self.config = folder / "openclaw.json"
        self.config.write_text(json.dumps(self.configuration(callback_url), indent=2))
        (folder / "home").mkdir()
        model = [sys.executable, str(HERE / "scripted_llm.py"), "--port", str(self.llm_port)]
        self.model = self._spawn([*model, "--log", str(folder / "llm-requests.jsonl")])
        self.start()

    def configuration(self, callback_url: str) -> dict:
        config = self.pasted(callback_url)
        config["gateway"] |= {
            "mode": "local",
            "port": self.port,
            "bind": "loopback",
            "controlUi": {"enabled": False},
            "http": {"endpoints": {"chatCompletions": {"enabled": True}}},
        }
        [mapping] = config["hooks"]["mappings"]
        config["hooks"]["allowedAgentIds"] = list(AGENTS)
        config["hooks"]["mappings"] = [json.loads(json.dumps(mapping).replace("scribe", name)) for name in AGENTS]
        config["plugins"]["slots"] = {"memory": "none"}
        return config | {
            "agents": self.agents(),
            "models": self.models(),
            "logging": {"file": str(self.folder / "openclaw.log")},
            "update": {"checkOnStart": False},
        }

    def pasted(self, callback_url: str) -> dict:
        """What the plugin's README says, with its capitals filled in."""
        [text] = re.findall(r"^```json\n(.*?)^```", (PLUGIN / "README.md").read_text(), re.DOTALL | re.MULTILINE)
        for placeholder, value in {
            "GATEWAY-TOKEN": self.values["OPENCLAW_GATEWAY_TOKEN"],
            "HOOK-TOKEN": self.values["OPENCLAW_TOKEN"],
            "CALLBACK-SECRET": self.values["OPENCLAW_CALLBACK_SECRET"],
            "https://TEAM-BOARD": callback_url,
            "/opt/teamboard-callback": str(PLUGIN),
        }.items():
            assert placeholder in text, f"{placeholder} has left the plugin's README"
            text = text.replace(placeholder, value)
        return json.loads(text)

    def agents(self) -> dict:
        entries = {
            name: {
                "name": name.title(),
                "workspace": str(self.folder / "workspaces" / name),
                "model": {"primary": f"scripted/{model}", "fallbacks": []},
            }
            for name, model in zip(AGENTS, MODELS, strict=True)
        }
        defaults = {
            "model": {"primary": f"scripted/{MODELS[0]}", "fallbacks": []},
            "skipBootstrap": True,
            "heartbeat": {"every": "0m", "agentId": AGENTS[0]},
            "systemAgent": {"agentId": AGENTS[0]},
        }
        return {"ownership": "explicit", "defaults": defaults, "entries": entries}

    def models(self) -> dict:
        known = [
            {
                "id": name,
                "name": name,
                "reasoning": False,
                "input": ["text"],
                "cost": {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0},
                "contextWindow": 128_000,
                "maxTokens": 8192,
            }
            for name in MODELS
        ]
        scripted = {
            "baseUrl": f"http://{HOST}:{self.llm_port}/v1",
            "apiKey": "scripted",
            "api": "openai-completions",
            "models": known,
        }
        return {"mode": "replace", "catalogRefresh": {"enabled": False}, "providers": {"scripted": scripted}}

    def start(self) -> None:
        others = {name: value for name, value in os.environ.items() if not name.startswith("OPENCLAW_")}
        environment = others | {
            "HOME": str(self.folder / "home"),
            "OPENCLAW_STATE_DIR": str(self.folder / "state"),
            "OPENCLAW_CONFIG_PATH": str(self.config),
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_NO_RESPAWN": "1",
            "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0",
            "OPENCLAW_SKIP_CHANNELS": "1",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }
        self.gateway = self._spawn([str(self.launcher), "gateway", "run"], environment)
        wait_until(self._is_ready, "the gateway is ready", STARTS_WITHIN)

    def kill_and_restart(self) -> None:
        """As a crash: SIGKILL to all of it, and up again with the same folder."""
        self._kill(self.gateway)
        self.start()

    def prompts_of(self, run: object) -> list[float]:
        """When the model was asked with the message of one run of ours as the last: once, whatever happened."""
        return [at for at, text in self.prompts() if str(run_named_in(text)) == str(run)]

    def prompts(self) -> list[tuple[float, str]]:
        """When the model was asked, with the last message of each time."""
        log = self.folder / "llm-requests.jsonl"
        lines = [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []
        return [(line["at"], line["user"][0]) for line in lines if line["user"]]

    def stop(self) -> None:
        self.gateway.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.gateway.wait(STOPS_WITHIN)
        for process in (self.gateway, self.model):
            self._kill(process)

    def client(self, **instead: str) -> OpenClawClient:
        tokens = {
            "hook_token": self.values["OPENCLAW_TOKEN"],
            "gateway_token": self.values["OPENCLAW_GATEWAY_TOKEN"],
        }
        return OpenClawClient(self.values["OPENCLAW_URL"], **(tokens | instead), is_named_by_operator=True)

    def control(self, secret: str = "") -> PluginControl:
        secret = secret or self.values["OPENCLAW_CALLBACK_SECRET"]
        return PluginControl(self.values["OPENCLAW_URL"], secret)

    def _is_ready(self) -> bool:
        if self.gateway.poll() is not None:
            log = (self.folder / "output.log").read_text()[-3000:]
            raise RuntimeError(f"OpenClaw ended with {self.gateway.returncode}:\n{log}")
        try:
            with urllib.request.urlopen(f"{self.values['OPENCLAW_URL']}/readyz", timeout=3):
                return True
        except OSError:
            return False

    def _spawn(self, command: list[str], environment: dict[str, str] | None = None) -> subprocess.Popen:
        with (self.folder / "output.log").open("ab") as log:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
                preexec_fn=partial(in_child, None, signal.SIGKILL),  # it never outlives us
            )

    def _kill(self, process: subprocess.Popen) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--install", default=os.environ.get("OPENCLAW_INSTALL", ".cache/openclaw"))
    parser.add_argument("--callback-url", default="http://127.0.0.1:8000", help="Team Board's address")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="openclaw-") as folder:
        gateway = RealGateway(options.install, Path(folder), options.callback_url)
        try:
            for name, value in gateway.values.items():
                print(f"{name}={value}", flush=True)
            with contextlib.suppress(KeyboardInterrupt):
                signal.pause()
        finally:
            gateway.stop()


if __name__ == "__main__":
    os.umask(0o077)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    main()
