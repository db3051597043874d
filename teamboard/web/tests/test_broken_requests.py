"""Fifty broken requests: each is answered in plain words, none with a 500, a stack or a path."""

import json

import pytest
from django.test import Client

from apps.accounts.tests.programs import Program
from apps.agents.tests.factories import agent_in
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("X7")]

JSON = "application/json"
DEEP = b"[" * 100_000 + b"]" * 100_000
BODIES = [
    b"{",
    b"",
    b"null",
    b"[]",
    b'"text"',
    b"1e999",
    b"NaN",
    b'{"title": NaN}',
    b'{"title": Infinity}',
    b'{"title": "\xff\xfe"}',
    b"\xef\xbb\xbf{}",
    b'{"title": "\\u0000"}',
    b'{"title": "\\ud800"}',
    b'{"title": "x", "priority": "\\uD800"}',
    b'{"title": {"a": 1}}',
    b'{"title": ["x"]}',
    b'{"title": true}',
    b'{"title": 1' + b"0" * 5000 + b"}",
    b'{"title": "x", "column": 99999999999999999999999}',
    b'{"title": "x", "column": "1; DROP TABLE"}',
    b'{"title": "x", "column": true}',
    b'{"title": "x", "labels": "x"}',
    b'{"title": "x", "labels": [[1]]}',
    b'{"title": "x", "labels": {"0": 1}}',
    b'{"title": "x", "priority": []}',
    b'{"title": "x", "assignee": -1}',
    b'{"title": "' + b"x" * 201 + b'"}',
    DEEP,
]
PATHS = [
    "/api/v1/nothing/here/",
    "/api/v1/projects/%00/",
    "/api/v1/projects/%FF/",
    "/api/v1/projects/..%2f..%2fetc/",
    "/api/v1/tasks/99999999999999999999999/",
    "/api/v1/runs/not-a-uuid/",
    "/api/v1/projects/?cursor=%F0%28",
    "/api/v1/projects/?limit=-1",
    "/api/v1/projects/?limit=9999999999999999999999",
    "/api/v1/projects/TIDE/tasks/?q=" + "x" * 5000,
    "/api/v1/projects/TIDE/tasks/?column=",
    "/api/v1/projects/TIDE/tasks/?column=%D9%A1",
    "/api/v1/runs/?agent=x",
    "/api/v1/runs/?task=1e9",
    "/projects/%00/",
    "/projects/tide/",
    "/projects/TIDE/?x=%00",
    "/projects/TIDE/columns/0/?after=%00",
    "/projects/TIDE/tasks/99999999999999999999/",
    "/projects/TIDE/updates/?since=x&epoch=y",
    "/projects/TIDE/updates/?since=" + "9" * 5000,
    "/projects/TIDE/updates/?task=" + "9" * 5000,
    "/accounts/sign-in/?next=%00",
]
TELLS = ["Traceback", "psycopg", "SELECT ", ".py", "Exception", "/work", "site-packages"]


@pytest.fixture
def ana():
    board = BoardFactory(key="TIDE", name="Tidewater")
    return MembershipFactory(project=board, user__name="Ana", role=Role.OWNER).user


@pytest.fixture
def asking(ana) -> Client:
    """A browser and a program in one; like a server's, its errors become answers."""
    client = Program(ana).client
    client.force_login(ana)
    client.raise_request_exception = False
    return client


def check(answer, about: object) -> None:
    assert answer.status_code < 500, about
    text = answer.content.decode()
    assert not [word for word in TELLS if word in text], about
    is_api = answer.wsgi_request.path.startswith("/api/")
    if is_api and answer.status_code >= 400:
        assert answer["Content-Type"] == "application/problem+json", about
        told = json.loads(text)
        assert (told["status"], told["type"]) == (answer.status_code, "about:blank"), about
        assert told["title"], about
        assert told["code"], about


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_a_broken_body(asking, body):
    check(asking.generic("POST", "/api/v1/projects/TIDE/tasks/", body, JSON), body[:60])


@pytest.mark.parametrize("path", PATHS, ids=range(len(PATHS)))
def test_a_broken_address(asking, path):
    check(asking.get(path), path)


@pytest.mark.parametrize("media_type", ["", "text/plain", "multipart/form-data", "application/xml", "x", "a/b/c; d"])
def test_a_body_of_another_kind_is_415(asking, media_type):
    answer = asking.generic("POST", "/api/v1/projects/TIDE/tasks/", b"title=x", media_type)
    check(answer, media_type)
    assert answer.status_code == 415


def test_other_wrong_turns(asking, ana):
    board = ana.projects.get()
    task = task_in(board.columns.first(), by=ana)
    agent = agent_in(board)
    assign = f"/api/v1/agents/{agent.pk}/assign/"
    wrong = [
        (405, asking.delete("/api/v1/projects/")),
        (405, asking.generic("BREW", "/api/v1/projects/")),
        (406, asking.get("/api/v1/projects/", headers={"Accept": "text/html"})),
        (401, Client().get("/api/v1/projects/")),
        (401, Client(headers={"Authorization": "Basic b3duZXI6eA=="}).get("/api/v1/projects/")),
        (413, asking.post("/api/v1/projects/TIDE/tasks/", b"x" * 2_700_000, JSON)),
        (400, asking.post(assign, {"task_id": {}}, JSON)),
        (404, asking.post(assign, {"task_id": 10**40}, JSON)),
        (400, asking.post(assign, {"task_id": task.pk, "prompt": "\ud800"}, JSON)),
        (415, asking.post(f"/api/v1/tasks/{task.pk}/move/", {"to": 1})),
    ]
    for status, answer in wrong:
        check(answer, status)
        assert answer.status_code == status
