"""A signed-in browser without the browser: session cookie, CSRF token, kept connection."""

import statistics
import threading
import time
from collections.abc import Callable
from typing import NamedTuple

import httpx
from django.conf import settings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.crypto import get_random_string

from apps.accounts.models import User
from bench.product import Product


class Visitor:
    def __init__(self, product: Product, user: User) -> None:
        self.user = user
        self.inside = Client(SERVER_NAME="127.0.0.1")  # the same session without a server, to count queries
        self.inside.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[-1])
        csrf = get_random_string(32)
        self.inside.cookies[settings.CSRF_COOKIE_NAME] = csrf
        self.cookies = {name: morsel.value for name, morsel in self.inside.cookies.items()}
        self.http = httpx.Client(
            base_url=product.url,
            cookies=self.cookies,
            headers={"X-CSRFToken": csrf, "Accept-Encoding": "gzip", "Origin": product.url},
            timeout=30,
        )

    @property
    def cookie_line(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        answer = self.http.get(path, headers=headers)
        answer.raise_for_status()
        return answer

    def post(self, path: str, values: dict) -> httpx.Response:
        """As the board's script does: what comes back is the frame since where the page was."""
        return self.http.post(path, data=values, headers={"Accept": "application/json"})

    def send(self, path: str, shape: dict) -> httpx.Response:
        """As a program does, with the session instead of a token."""
        answer = self.http.post(path, json=shape)
        answer.raise_for_status()
        return answer

    def queries(
        self, method: str, path: str, values: dict | bytes | None = None, headers: dict | None = None, **options: str
    ) -> list[str]:
        """The statements one request runs, transaction control left out."""
        headers = headers or {"Accept": "application/json, text/html"}
        with CaptureQueriesContext(connection) as captured:
            answer = getattr(self.inside, method)(path, values, headers=headers, **options)
        if answer.status_code >= 300:
            raise RuntimeError(f"{method} {path} was answered {answer.status_code}")
        statements = [query["sql"] for query in captured]
        return [sql for sql in statements if not sql.startswith(("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE"))]


class Cost(NamedTuple):
    """Of one operation: CPU of everything, and the visitor's wall clock."""

    cpu_ms: float
    p50_ms: float
    p95_ms: float


def cost_of(
    product: Product, act: Callable[[int], object], times: int, *, warm: int = 20, is_ours: bool = False
) -> Cost:
    """What `act(n)` costs in the mean, background work it causes included.

    The visitor's own CPU does not count, unless the work is done in this process (`is_ours`).
    """
    for n in range(warm):
        act(n)
    time.sleep(0.5)
    before, mine, took = product.cpu_ms(), time.process_time(), []
    for n in range(warm, warm + times):
        began = time.perf_counter()
        act(n)
        took.append((time.perf_counter() - began) * 1000)
    used = (time.process_time() - mine) * 1000 if is_ours else 0
    time.sleep(0.5)  # what was left to the worker and the feed
    used += product.cpu_ms() - before
    return Cost(used / times, statistics.median(took), percentile(took, 95))


def cost_at_once(product: Product, act: Callable[[int], None], people: int) -> float:
    """CPU milliseconds of one of `people` that do `act(share)` at the same time."""
    before = product.cpu_ms()
    threads = [threading.Thread(target=act, args=[share]) for share in range(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (product.cpu_ms() - before) / people


def percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
