import json
from collections.abc import Callable

import httpx
import pytest

from apps.agents.gateways import openclaw_client
from apps.agents.runs import wake
from apps.agents.tests.factories import agent_in


@pytest.fixture
def scribe(board):
    return agent_in(board, "Scribe", max_concurrent=2)


@pytest.fixture(autouse=True)
def no_wake(monkeypatch):
    """Tests start runs themselves; what the worker would do is tests/e2e's business."""
    monkeypatch.setattr(wake, "wake", lambda agent_id: None)


class GatewayDouble:
    """The edge of the house: remembers what was posted, answers as told."""

    def __init__(self) -> None:
        self.posts: list[httpx.Request] = []
        self.answer: Callable[[httpx.Request], httpx.Response] = lambda request: httpx.Response(
            200, json={"ok": True, "runId": f"gateway-{len(self.posts)}"}
        )
        self.history: list[dict] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "GET":
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

    monkeypatch.setattr(openclaw_client.OpenClawClient, "for_gateway", for_gateway)
    return double
