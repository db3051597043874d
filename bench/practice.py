"""The practice gateway as the far end: started by us, its journal read, reports signed as it signs them."""

import hashlib
import hmac
import json
import secrets
import sys
import time
import uuid

import httpx

from apps.agents.models import Run
from bench import environment
from bench.processes import is_listening, wait_until
from bench.product import Product
from teamboard.launch import ROOT
from teamboard.launch.ports import any_free

PROGRAM = ROOT / "integrations/openclaw/practice_gateway.py"
CONTROL_TOKEN = secrets.token_hex(16)
CALLBACKS = "/api/v1/agents/callback/"


class PracticeGateway:
    def __init__(self, product: Product, agents: list[str]) -> None:
        self.port, self.journal_file = any_free(), product.folder / "journal.jsonl"
        options = {
            "--port": self.port,
            "--hook-token": environment.HOOK_TOKEN,
            "--gateway-token": environment.GATEWAY_TOKEN,
            "--callback-url": product.url + CALLBACKS,
            "--callback-secret": environment.CALLBACK_SECRET,
            "--control-token": CONTROL_TOKEN,
            "--agents": ",".join(agents),
            "--journal": self.journal_file,
            "--state": product.folder / "gateway",
            "--speed": 10,
            "--slots": 1000,
        }
        words = [str(word) for pair in options.items() for word in pair]
        product.open("gateway", [sys.executable, str(PROGRAM), *words])
        wait_until(lambda: is_listening(self.port), "the practice gateway listens")

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def fault(self, mode: str, **facts: object) -> None:
        headers = {"X-Control-Token": CONTROL_TOKEN}
        httpx.post(f"{self.url}/__faults", json={"mode": mode, **facts}, headers=headers).raise_for_status()

    def journal(self, what: str) -> list[dict]:
        lines = map(json.loads, self.journal_file.read_text().splitlines())
        return [line for line in lines if line["what"] == what]


def report_of(run: Run, event: str, **facts: object) -> dict:
    """What our plugin says about `run`."""
    return {
        "event": event,
        "id": str(uuid.uuid4()),
        "createdAt": int(time.time() * 1000),
        "sessionKey": run.gateway_session_key,
        "agentId": run.agent.slug,
        "runId": str(uuid.uuid4()),
        "teamboardRunId": str(run.pk),
        **facts,
    }


def signed(report: dict, *, secret: str = "", at: float | None = None) -> dict:
    """What httpx.post() needs to deliver `report` as our plugin does."""
    body, stamp = json.dumps(report).encode(), stamp_of(at)
    return delivered(body, signature_of(body, secret or environment.CALLBACK_SECRET, stamp), stamp)


def stamp_of(at: float | None = None) -> str:
    return str(int(time.time() if at is None else at))


def signature_of(body: bytes, secret: str, stamp: str) -> str:
    mac = hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256)
    return f"sha256={mac.hexdigest()}"


def delivered(body: bytes, signature: str, stamp: str) -> dict:
    headers = {
        "Content-Type": "application/json",
        "X-Teamboard-Timestamp": stamp,
        "X-Teamboard-Signature": signature,
    }
    return {"content": body, "headers": headers}
