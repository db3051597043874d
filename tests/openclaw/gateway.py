#!/usr/bin/env python3
"""Run a real OpenClaw Gateway with a scripted model, for Team Board's tests.

    install.sh FOLDER
    python3 gateway.py --install FOLDER [--port N] [--callback-url URL ...]

Writes a configuration of its own into a state folder (a temporary one unless
--dir is given), starts the scripted model and the gateway on 127.0.0.1, waits
until both answer, prints lines of the form NAME=VALUE and then READY on
standard output, and stays in the foreground. SIGTERM or SIGINT stops both.
SIGUSR1 kills the gateway at once and starts it again, as after a crash; a
second READY line tells when it is back. Everything else goes to gateway.log
and llm.log in the state folder. Standard library only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

HOST = "127.0.0.1"
HERE = Path(__file__).resolve().parent
MODELS = ("scripted-1", "scripted-2")


def free_port():
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


def answers(url):
    """Whether a GET of url is answered with 200."""
    try:
        with urllib.request.urlopen(url, timeout=3) as response:
            return response.status == 200
    except OSError:
        return False


def configuration(options, state):
    """The gateway's openclaw.json as a dictionary."""
    models = [
        {
            "id": name,
            "name": name.replace("-", " ").title(),
            "reasoning": False,
            "input": ["text", "image"],
            "cost": {"input": 1, "output": 2, "cacheRead": 0, "cacheWrite": 0},
            "contextWindow": 128000,
            "maxTokens": 8192,
        }
        for name in MODELS
    ]
    agents = {}
    for index, name in enumerate(options.agents):
        model = f"scripted/{MODELS[index % len(MODELS)]}"
        agents[name] = {
            "name": name.replace("-", " ").title(),
            "workspace": str(state / "workspaces" / name),
            "model": {"primary": model, "fallbacks": []},
        }
    plugins = {"admin-http-rpc": {"enabled": True}}
    paths = []
    for folder in options.plugin:
        manifest = json.loads((Path(folder) / "openclaw.plugin.json").read_text())
        entry = {"enabled": True, "hooks": {"allowConversationAccess": True}}
        known = manifest.get("configSchema", {}).get("properties", {})
        given = {"url": options.callback_url, "secret": options.callback_secret}
        given.update(options.plugin_config)
        entry["config"] = {k: v for k, v in given.items() if v and k in known}
        plugins[manifest["id"]] = entry
        paths.append(str(Path(folder).resolve()))
    prefixes = ["task:", "room:", "hook:"]
    return {
        "gateway": {
            "mode": "local",
            "port": options.port,
            "bind": "loopback",
            "auth": {"mode": "token", "token": options.token},
            "controlUi": {"enabled": False},
            "http": {
                "endpoints": {
                    "chatCompletions": {"enabled": True},
                    "responses": {"enabled": True},
                }
            },
        },
        "hooks": {
            "enabled": True,
            "token": options.hook_token,
            "path": "/hooks",
            "allowedAgentIds": options.agents,
            "allowRequestSessionKey": True,
            "allowedSessionKeyPrefixes": prefixes,
            # One mapped path for each agent: POST /hooks/task-AGENT takes
            # {"sessionKey", "message"}. Unlike /hooks/agent it hands the
            # message over as trusted text.
            "mappings": [
                {
                    "id": f"task-{name}",
                    "match": {"path": f"task-{name}"},
                    "action": "agent",
                    "agentId": name,
                    "name": "TeamBoard",
                    "sessionMode": "persistent",
                    "sessionKey": "{{sessionKey}}",
                    "messageTemplate": "{{message}}",
                    "deliver": False,
                    "allowUnsafeExternalContent": True,
                    "timeoutSeconds": options.timeout_seconds,
                }
                for name in options.agents
            ],
        },
        "agents": {
            "ownership": "explicit",
            "defaults": {
                "model": {"primary": f"scripted/{MODELS[0]}", "fallbacks": []},
                "skipBootstrap": True,
                "timeoutSeconds": options.timeout_seconds,
                "heartbeat": {"every": "0m", "agentId": options.agents[0]},
                "systemAgent": {"agentId": options.agents[0]},
            },
            "entries": agents,
        },
        "models": {
            "mode": "replace",
            "catalogRefresh": {"enabled": False},
            "providers": {
                "scripted": {
                    "baseUrl": f"http://{HOST}:{options.llm_port}/v1",
                    "apiKey": "scripted",
                    "api": "openai-completions",
                    "models": models,
                }
            },
        },
        "plugins": {
            "allow": sorted(plugins),
            "slots": {"memory": "none"},
            "load": {"paths": paths},
            "entries": plugins,
        },
        "cron": {
            "webhookToken": options.callback_secret,
            "webhookSsrfPolicy": {"allowedHostnames": [HOST]},
        },
        "logging": {"file": str(state / "openclaw.log")},
        "update": {"checkOnStart": False},
    }


class Runner:
    def __init__(self, options, state):
        self.options, self.state = options, state
        self.gateway = self.llm = None
        self.stopping = self.crash = False

    def environment(self):
        home = self.state / "home"
        home.mkdir(parents=True, exist_ok=True)
        keep = {k: v for k, v in os.environ.items() if not k.startswith("OPENCLAW_")}
        return {
            **keep,
            "HOME": str(home),
            "OPENCLAW_STATE_DIR": str(self.state / "state"),
            "OPENCLAW_CONFIG_PATH": str(self.state / "openclaw.json"),
            "OPENCLAW_DISABLE_BONJOUR": "1",
            "OPENCLAW_NO_RESPAWN": "1",
            "OPENCLAW_EXEC_SHELL_SNAPSHOT": "0",
            "OPENCLAW_SKIP_CHANNELS": "1",
            "NO_PROXY": HOST,
            "no_proxy": HOST,
        }

    def spawn(self, command, log, environment=None):
        with open(self.state / log, "ab") as output:
            return subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )

    def start_llm(self):
        self.llm = self.spawn(
            [
                sys.executable,
                str(HERE / "scripted_llm.py"),
                *("--host", HOST, "--port", str(self.options.llm_port)),
                *("--log", str(self.state / "llm-requests.jsonl")),
            ],
            "llm.log",
        )
        self.wait(f"http://{HOST}:{self.options.llm_port}/healthz", self.llm, 20)

    def start_gateway(self):
        launcher = Path(self.options.install) / "bin" / "openclaw"
        self.gateway = self.spawn(
            [str(launcher.resolve()), "gateway", "run"],
            "gateway.log",
            self.environment(),
        )
        url = f"http://{HOST}:{self.options.port}/readyz"
        self.wait(url, self.gateway, self.options.ready_timeout)

    def wait(self, url, process, seconds):
        end = time.monotonic() + seconds
        while not self.stopping:
            if answers(url):
                return
            if process.poll() is not None:
                raise SystemExit(f"{url}: process ended with {process.returncode}")
            if time.monotonic() > end:
                raise SystemExit(f"{url}: no answer within {seconds} seconds")
            time.sleep(0.3)

    @staticmethod
    def end(process, seconds):
        """Ask a process to stop, then kill its whole process group."""
        if process is None:
            return
        if process.poll() is None and seconds:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def stop(self):
        # The gateway waits for open runs before it ends, for minutes if need
        # be: --stop-seconds bounds that.
        self.end(self.gateway, self.options.stop_seconds)
        self.end(self.llm, 5)

    def run(self):
        signal.signal(signal.SIGTERM, lambda *_: setattr(self, "stopping", True))
        signal.signal(signal.SIGINT, lambda *_: setattr(self, "stopping", True))
        signal.signal(signal.SIGUSR1, lambda *_: setattr(self, "crash", True))
        text = json.dumps(configuration(self.options, self.state), indent=2)
        config = self.state / "openclaw.json"
        config.touch(mode=0o600)
        config.write_text(text + "\n")
        for name in self.options.agents:
            (self.state / "workspaces" / name).mkdir(parents=True, exist_ok=True)
        try:
            self.start_llm()
            self.start_gateway()
            if not self.stopping:
                self.tell()
            while not self.stopping:
                if self.crash:
                    self.crash = False
                    self.end(self.gateway, 0)
                    self.start_gateway()
                    print("READY", flush=True)
                if self.gateway.poll() is not None:
                    print(f"gateway ended with {self.gateway.returncode}", file=sys.stderr)
                    return 1
                time.sleep(0.2)
            return 0
        finally:
            self.stop()

    def tell(self):
        values = {
            "OPENCLAW_URL": f"http://{HOST}:{self.options.port}",
            "OPENCLAW_TOKEN": self.options.hook_token,
            "OPENCLAW_GATEWAY_TOKEN": self.options.token,
            "OPENCLAW_AGENTS": ",".join(self.options.agents),
            "OPENCLAW_CALLBACK_SECRET": self.options.callback_secret,
            "OPENCLAW_STATE": str(self.state),
            "SCRIPTED_LLM_URL": f"http://{HOST}:{self.options.llm_port}",
        }
        text = "".join(f"{name}={value}\n" for name, value in values.items())
        if self.options.env_file:
            target = Path(self.options.env_file)
            target.touch(mode=0o600)
            target.write_text(text)
        print(text + "READY", flush=True)


def parse(argv):
    parser = argparse.ArgumentParser(description="Run a real OpenClaw Gateway with a scripted model.")
    add = parser.add_argument
    add("--install", default=os.environ.get("OPENCLAW_INSTALL"), help="install.sh's folder")
    add("--dir", help="state folder, kept afterwards (default: a temporary one)")
    add("--port", type=int, default=0, help="gateway port (default: a free one)")
    add("--llm-port", type=int, default=0, help="model port (default: a free one)")
    add("--token", help="gateway token (default: random)")
    add("--hook-token", help="token for /hooks (default: random)")
    add("--agents", default="main,coder", help="agent ids, separated by commas")
    add("--timeout-seconds", type=int, default=300, help="limit for one run")
    add("--plugin", action="append", default=[], help="folder of a plugin to load")
    add("--plugin-config", type=json.loads, default={}, help="more plugin settings (JSON)")
    add("--callback-url", help="the plugin's `url` setting")
    add("--callback-secret", help="the plugin's `secret`, and the cron webhook token")
    add("--env-file", help="also write the NAME=VALUE lines here")
    add("--ready-timeout", type=float, default=180)
    add("--stop-seconds", type=float, default=15)
    options = parser.parse_args(argv)
    if not options.install or not Path(options.install, "bin", "openclaw").exists():
        parser.error("--install (or OPENCLAW_INSTALL) must name install.sh's folder")
    options.agents = [name for name in options.agents.split(",") if name]
    if not options.agents:
        parser.error("--agents must name at least one agent")
    options.port = options.port or free_port()
    options.llm_port = options.llm_port or free_port()
    options.token = options.token or secrets.token_urlsafe(32)
    options.hook_token = options.hook_token or secrets.token_urlsafe(32)
    options.callback_secret = options.callback_secret or secrets.token_urlsafe(32)
    return options


def main(argv=None):
    options = parse(argv)
    os.umask(0o077)
    if options.dir:
        state = Path(options.dir).resolve()
        state.mkdir(parents=True, exist_ok=True)
        return Runner(options, state).run()
    state = Path(tempfile.mkdtemp(prefix="openclaw-"))
    try:
        return Runner(options, state).run()
    finally:
        shutil.rmtree(state, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
