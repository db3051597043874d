"""Webhooks of a forge: stored and answered while a worker applies them; GitHub waits ten seconds at the most."""

import hashlib
import hmac
import json
import time
from concurrent.futures import ThreadPoolExecutor

from apps.projects.models import Project, Repository
from bench.product import Product
from bench.table import Line
from bench.visitor import Visitor, percentile

TIMES, AT_ONCE = 400, 8
SECRET = "a-secret-for-measuring"


def lines(product: Product, visitor: Visitor) -> list[Line]:
    """As a busy forge sends them: several at once, all of one repository."""
    given = {"forge": Repository.Forge.GITHUB, "webhook_secret": SECRET, "url": "https://git.example/team/ship"}
    repository = Repository.objects.create(project=Project.objects.get(key="B1000"), name="ship", **given)
    with ThreadPoolExecutor(AT_ONCE) as senders:
        before = product.cpu_ms()
        took = list(senders.map(lambda n: delivered(visitor, repository, n), range(TIMES)))
    wait_until_worked(repository)
    return [
        Line("webhook stored and answered, 8 at once, wall p99", percentile(took, 99), "ms", 2000),
        Line("webhook, answered and worked on", (product.cpu_ms() - before) / TIMES, "CPU ms"),
    ]


def delivered(visitor: Visitor, repository: Repository, n: int) -> float:
    """Milliseconds until it is answered."""
    body = json.dumps({"action": "created", "check_run": check(n), "repository": {"description": "x" * 8000}}).encode()
    headers = {
        "X-GitHub-Event": "check_run",
        "X-GitHub-Delivery": f"bench-{n}",
        "X-Hub-Signature-256": "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest(),
        "Content-Type": "application/json",
    }
    began = time.perf_counter()
    answer = visitor.http.post(f"/git/webhooks/{repository.uid}/", content=body, headers=headers)
    if answer.status_code != 202:
        raise RuntimeError(f"A webhook was answered {answer.status_code}")
    return (time.perf_counter() - began) * 1000


def check(n: int) -> dict:
    started = f"2026-11-23T10:{n // 60 % 60:02}:{n % 60:02}Z"
    return {"name": f"check {n % 20}", "head_sha": f"{n:040x}", "status": "in_progress", "started_at": started}


def wait_until_worked(repository: Repository) -> None:
    until = time.monotonic() + 60
    while repository.deliveries.filter(processed_at=None).exists():
        if time.monotonic() > until:
            raise TimeoutError("The webhooks were not worked on within a minute")
        time.sleep(0.2)
