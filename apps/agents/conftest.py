import hashlib
import hmac
import json
import threading
from collections import defaultdict, deque
from collections.abc import Callable

import httpx
import pytest
from django.db import connection, transaction

from apps import job_queue
from apps.agents import jobs
from apps.agents.gateways import gateway_identity, openclaw_client, plugin_control
from apps.agents.models import Gateway
from apps.agents.runs import wake
from apps.agents.tests.factories import GatewayFactory, agent_in
from tests.gateways.practice import SECRETS, PracticeGateway


@pytest.fixture
def scribe(board):
    return agent_in(board, "Scribe", max_concurrent=2)


class EagerWorker:
    """Works through an agent's queue as soon as somebody wakes it, in the thread that did, one job at a time."""

    def __init__(self) -> None:
        self.enqueued: defaultdict[int, deque[str]] = defaultdict(deque)

    def enqueue(self, job: str, *args: object) -> None:
        if job != wake.JOB:
            return
        mine = self.enqueued[threading.get_ident()]
        mine.append(str(args[0]))
        if len(mine) > 1:  # this thread is at a job: it takes the next one afterwards
            return
        while mine:
            jobs.work_through(mine[0])
            mine.popleft()

    def after_commit(self) -> None:
        """Run the wake-ups that a test's own transaction holds back: it never commits."""
        held, connection.run_on_commit = connection.run_on_commit, []
        for sids, callback, is_robust in held:
            if getattr(callback, "func", None) in (wake.wake, wake.wake_stop):
                callback()
            else:
                connection.run_on_commit.append((sids, callback, is_robust))


@pytest.fixture(autouse=True)
def queue(request, monkeypatch):
    """What is queued starts once it is committed, at the gateway double, as with a worker.

    Tests that start runs themselves are marked with `queue_off`.
    """
    if request.node.get_closest_marker("queue_off"):
        monkeypatch.setattr(wake, "wake", lambda agent_id: None)
        monkeypatch.setattr(wake, "wake_stop", lambda run_id: None)
        return
    request.getfixturevalue("gateway")
    worker, end = EagerWorker(), transaction.Atomic.__exit__

    def end_and_wake(atomic, exc_type, *details):
        end(atomic, exc_type, *details)
        if connection.atomic_blocks and connection.atomic_blocks[-1]._from_testcase and exc_type is None:
            worker.after_commit()

    monkeypatch.setattr(job_queue, "enqueue", worker.enqueue)
    monkeypatch.setattr(job_queue, "send", worker.enqueue)
    monkeypatch.setattr(wake, "wake_stop", lambda run_id: jobs.stop_run(str(run_id)))
    monkeypatch.setattr(transaction.Atomic, "__exit__", end_and_wake)


def signed(answer: httpx.Response, request: httpx.Request) -> httpx.Response:
    """The answer as our plugin gives it, with the secret of GatewayFactory."""
    over = f"answer.{request.headers['X-Teamboard-Signature']}.".encode() + answer.content
    answer.headers["X-Teamboard-Signature"] = f"sha256={hmac.new(b'callback-secret', over, hashlib.sha256).hexdigest()}"
    return answer


class GatewayDouble:
    """Stands for the gateway: remembers what was posted, answers as told."""

    def __init__(self) -> None:
        self.posts: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(
            200, json={"ok": True, "runId": f"gateway-{len(self.posts)}"}
        )
        self.history: list[dict] | Callable[[httpx.Request], httpx.Response] = []
        self.stops: list[str] = []  # the runs that were to be stopped, by our plugin's route
        self.stop_answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(
            200, json={"ok": True, "result": "stopped"}
        )

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == gateway_identity.ROUTE:
            self.stops.append(json.loads(request.content)["run"])
            return signed(self.stop_answer(request), request)
        if request.method == "GET":
            if callable(self.history):
                return self.history(request)
            return httpx.Response(200, content=json.dumps({"items": self.history, "hasMore": False}))
        self.posts.append(request)
        return self.answer(request)

    def answers(self, status: int, **kwargs) -> None:
        self.answer = lambda request: httpx.Response(status, **kwargs)

    def fails(self, error: type[httpx.TransportError]) -> None:
        def fail(request: httpx.Request) -> httpx.Response:
            raise error("the wire broke", request=request)

        self.answer = fail

    @property
    def messages(self) -> list[str]:
        return [json.loads(post.content)["message"] for post in self.posts]


@pytest.fixture
def gateway(monkeypatch):
    double = GatewayDouble()

    def for_gateway(row):
        transport = httpx.MockTransport(double)
        return openclaw_client.OpenClawClient(row.url, row.hook_token, row.gateway_token, transport=transport)

    def control_for(row):
        return plugin_control.PluginControl(row.url, row.callback_secret, transport=httpx.MockTransport(double))

    monkeypatch.setattr(openclaw_client.OpenClawClient, "for_gateway", for_gateway)
    monkeypatch.setattr(plugin_control.PluginControl, "for_gateway", control_for)
    return double


@pytest.fixture(scope="module")
def practice(tmp_path_factory):
    """A real process on a port of its own."""
    gateway = PracticeGateway(tmp_path_factory.mktemp("gateway"))
    yield gateway
    gateway.stop()


@pytest.fixture
def reached(practice) -> Gateway:
    """The row of that gateway."""
    return GatewayFactory(url=practice.url, callback_secret="callback-secret", **SECRETS)
