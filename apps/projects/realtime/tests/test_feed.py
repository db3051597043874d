"""The socket of a page: catch-up then live, one drawing for all, and nobody stays who may not."""

import asyncio
import json
from datetime import timedelta

import pytest
from asgiref.testing import ApplicationCommunicator
from channels.db import database_sync_to_async
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import OperationalError, transaction
from django.utils import timezone
from django.utils.translation import get_language

from apps.accounts.sessions import revoke
from apps.accounts.sessions.engine import SessionStore
from apps.projects import events
from apps.projects.members import group_grants, memberships
from apps.projects.models import Event, Membership, Project, Role
from apps.projects.realtime import feed, frames
from apps.projects.tests.factories import MembershipFactory, ProjectFactory, UserFactory

pytestmark = [pytest.mark.django_db(transaction=True)]

in_database = database_sync_to_async


@pytest.fixture(autouse=True)
def quick_heartbeat(monkeypatch):
    monkeypatch.setattr(feed, "HEARTBEAT", 0.3)


@pytest.fixture
def project():
    return ProjectFactory(name="Tidewater", key="TIDE")


@pytest.fixture
def ana(project):
    return MembershipFactory(project=project, user__name="Ana").user


def signed_in(user) -> str:
    session = SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[-1]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.create()
    return session.session_key


def change(project, count=1):
    for number in range(count):
        with transaction.atomic():
            events.record(Project.objects.locked(project.pk), "label.created", by=None, number=number)


class Browser(ApplicationCommunicator):
    """One page's socket (channels.testing wants daphne, which we do not use)."""

    async def connect(self) -> bool:
        await self.send_input({"type": "websocket.connect"})
        answer = await self.receive_output(timeout=60)
        return answer["type"] == "websocket.accept"

    async def say(self, text: str) -> None:
        await self.send_input({"type": "websocket.receive", "text": text})

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(timeout=60)


def socket(session_key, key="TIDE", query="", origin=b"http://localhost", host=b"localhost", scheme="ws"):
    from teamboard.asgi import application

    headers = [(b"cookie", f"session={session_key}".encode()), (b"host", host)]
    if origin:
        headers.append((b"origin", origin))
    scope = {
        "type": "websocket",
        "scheme": scheme,
        "path": f"/ws/projects/{key}/",
        "query_string": query.encode("latin-1"),
        "headers": headers,
    }
    return Browser(application, scope)


@pytest.fixture
async def open_socket(ana):
    """Open Ana's socket; all are closed again at the end."""
    opened = []
    session_key = await in_database(signed_in)(ana)

    async def open_one(**kwargs):
        one = socket(kwargs.pop("session_key", session_key), **kwargs)
        assert await one.connect()
        opened.append(one)
        return one

    yield open_one
    for one in opened:
        await one.leave()


async def frame(one, *, until="seq"):
    """The next frame (or heartbeat, `until="head"`)."""
    async with asyncio.timeout(60):
        while True:
            message = json.loads((await one.receive_output(timeout=60))["text"])
            if until in message:
                return message


@pytest.mark.req("RT-3", "E2")
async def test_socket_catches_up_and_then_follows_live(project, open_socket):
    await in_database(change)(project, 3)
    one = await open_socket(query="since=1")
    assert (await frame(one))["seq"] == 3
    await in_database(change)(project)
    assert (await frame(one))["seq"] == 4


@pytest.mark.req("E3", "RT-1")
async def test_heartbeat_finds_a_lost_notification(project, open_socket, monkeypatch):
    monkeypatch.setattr(frames, "notify", lambda *_: None)
    one = await open_socket()
    await in_database(change)(project)
    assert (await frame(one))["seq"] == 1
    assert (await frame(one, until="head"))["head"] == 1


@pytest.mark.req("E2", "RT-3")
@pytest.mark.parametrize("query", ["since=1", "since=9999", "since=600&epoch=00000000-0000-4000-8000-000000000000"])
async def test_socket_too_far_behind_is_told_to_reload(project, open_socket, query):
    await in_database(change)(project)
    await in_database(Project.objects.filter(pk=project.pk).update)(last_seq=600)
    one = await open_socket(query=query)
    assert (await frame(one))["ops"] == [{"op": "reload"}]


@pytest.mark.parametrize(("asked", "spoken"), [("lang=ru", "ru"), ("lang=en", "en"), ("lang=xx", "en"), ("", "en")])
async def test_frames_are_in_the_language_of_the_page(project, open_socket, monkeypatch, asked, spoken):
    monkeypatch.setattr(frames, "ops_for", lambda *_: [{"op": "put", "html": get_language()}])
    one = await open_socket(query=asked)
    await in_database(change)(project)
    assert (await frame(one))["ops"][0]["html"] == spoken


async def test_sockets_at_one_position_share_one_rendering(project, open_socket, monkeypatch):
    drawings = []
    monkeypatch.setattr(frames, "ops_for", lambda *args: drawings.append(args) or [])
    sockets = [await open_socket(query="since=0") for _ in range(5)]
    await asyncio.sleep(0.1)
    drawings.clear()
    await in_database(change)(project)
    assert {(await frame(one))["seq"] for one in sockets} == {1}
    assert len(drawings) == 1


@pytest.mark.req("E5")
async def test_socket_that_does_not_read_is_closed(project, open_socket, monkeypatch):
    monkeypatch.setattr(feed, "QUEUE_FRAMES", 0)
    one = await open_socket()
    await in_database(change)(project)
    closed = await one.receive_output(timeout=60)
    assert (closed["type"], closed["code"]) == ("websocket.close", feed.TRY_LATER)


@pytest.mark.req("E7", "RT-8", "L25", "L33", "L34")
@pytest.mark.parametrize("loss", ["membership", "group", "deactivated", "signed out", "password", "unused", "too old"])
async def test_socket_without_access_is_closed_within_a_heartbeat(project, ana, open_socket, loss):
    one = await open_socket()

    def lose():
        if loss == "membership":
            Membership.objects.filter(user=ana).delete()
        elif loss == "group":
            Membership.objects.filter(user=ana).update(group_role=Role.MEMBER)
            group_grants.sync(ana, frozenset())
        elif loss == "deactivated":
            type(ana).objects.filter(pk=ana.pk).update(is_active=False)
        elif loss == "password":
            type(ana).objects.filter(pk=ana.pk).update(password="another")
        elif loss == "signed out":
            revoke.end_all_sessions(ana, by=ana)
        else:
            column = {"unused": "used_at", "too old": "began_at"}[loss]
            ana.sessions.update(**{column: timezone.now() - timedelta(days=8)})

    await in_database(lose)()
    while (message := await one.receive_output(timeout=60))["type"] != "websocket.close":
        pass
    assert message["code"] == (feed.NO_ACCESS if loss in ("membership", "group") else feed.SIGNED_OUT)


@pytest.mark.req("E7", "RT-8")
async def test_socket_of_removed_member_gets_no_later_event(project, ana, open_socket, monkeypatch):
    """Long before the next heartbeat: what was recorded after the removal is in no frame of theirs."""
    monkeypatch.setattr(feed, "HEARTBEAT", 60)
    owner = await in_database(MembershipFactory)(project=project, role=Role.OWNER)
    monkeypatch.setattr(frames, "ops_for", seen_by(frames.ops_for))
    one = await open_socket(query="since=0")

    def remove_and_go_on():
        memberships.remove(Membership.objects.get(user=ana), by=owner.user)
        change(project, 3)

    await in_database(remove_and_go_on)()
    heard = []
    while (message := await one.receive_output(timeout=60))["type"] != "websocket.close":
        heard.append(message["text"])
    assert message["code"] == feed.NO_ACCESS
    assert not [text for text in heard if "label.created" in text]


@pytest.mark.req("FLT-34", "L33")
@pytest.mark.parametrize("how", ["signed out", "deactivated"])
async def test_socket_of_who_has_signed_out_gets_no_later_event(project, ana, open_socket, monkeypatch, how):
    """Long before the next heartbeat, while others go on to hear."""
    monkeypatch.setattr(feed, "HEARTBEAT", 60)
    other = await in_database(MembershipFactory)(project=project)
    others_key = await in_database(signed_in)(other.user)
    mine, others = await open_socket(query="since=0"), await open_socket(session_key=others_key, query="since=0")

    def sign_out_and_go_on():
        if how == "signed out":
            revoke.end_all_sessions(ana, by=ana)
        else:
            type(ana).objects.filter(pk=ana.pk).update(is_active=False)
        change(project, 3)

    await in_database(sign_out_and_go_on)()
    heard = []
    while (message := await mine.receive_output(timeout=60))["type"] != "websocket.close":
        heard.append(json.loads(message["text"]))
    assert message["code"] == feed.SIGNED_OUT
    assert [message for message in heard if message.get("seq")] == []
    while (await frame(others))["seq"] < 3:
        pass


def seen_by(ops_for):
    """The same ops, and one for each event that says what it was."""

    def told(project, events, open_task=None):
        return [*ops_for(project, events, open_task), *({"op": "put", "kind": event.kind} for event in events)]

    return told


@pytest.mark.req("L32")
@pytest.mark.parametrize("session_key", ["", "nosuchsession000000000000000000000"])
async def test_socket_without_session_is_closed_as_signed_out(project, session_key):
    one = socket(session_key)
    assert await one.connect()
    assert (await one.receive_output(timeout=60))["code"] == feed.SIGNED_OUT


@pytest.mark.req("L32")
async def test_socket_accepts_no_credential_but_the_cookie(project, ana):
    key = await in_database(signed_in)(ana)
    one = socket("", query=f"session={key}&token={key}")
    assert await one.connect()
    assert (await one.receive_output(timeout=60))["code"] == feed.SIGNED_OUT


@pytest.mark.req("E5")
@pytest.mark.parametrize("query", [b"since=" + b"9" * 5000, b"task=" + b"9" * 5000, b"since=\xff&task=\xc2\xb2"])
async def test_socket_opens_with_odd_query(open_socket, query):
    one = await open_socket(query=query.decode("latin-1"))
    assert await frame(one, until="head")


@pytest.mark.req("L25")
async def test_socket_does_not_count_as_use_of_its_session(ana, open_socket):
    long_ago = timezone.now() - timedelta(hours=1)
    one = await open_socket()
    await in_database(ana.sessions.update)(used_at=long_ago)
    await frame(one, until="head")
    await open_socket()
    assert (await in_database(ana.sessions.get)()).used_at == long_ago


@pytest.mark.req("RT-8", "Z2")
@pytest.mark.parametrize("key", ["TIDE", "NONE"])
async def test_socket_refuses_outsiders_like_missing_projects(project, key):
    cy = await in_database(UserFactory)(name="Cy")
    one = socket(await in_database(signed_in)(cy), key=key)
    assert not await one.connect()


@pytest.mark.req("E6", "FLT-37")
@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (b"https://evil.example", b"localhost"),
        (None, b"localhost"),
        (b"null", b"localhost"),
        (b"", b"localhost"),
        (b"http://localhost:3000", b"localhost"),
        (b"http://localhost", b"localhost:8000"),
        (b"https://localhost", b"localhost"),
        (b"http://localhost:443", b"localhost"),
        (b"ws://localhost", b"localhost"),
        (b"http://127.0.0.1", b"localhost"),
        (b"http://localhost.evil.example", b"localhost"),
        (b"http://localhost@evil.example", b"localhost"),
        (b"http://ana@localhost", b"localhost"),
        (b"http://localhost/page", b"localhost"),
        (b"http://evil.example", b"evil.example"),  # a name of theirs that leads here (DNS rebinding)
        (b"http://[::1", b"localhost"),
        (b"http://localhost:99999", b"localhost"),
        ("http://l\u043ecalhost".encode(), b"localhost"),  # a Cyrillic letter
    ],
)
async def test_socket_refuses_other_origins(project, ana, origin, host):
    one = socket(await in_database(signed_in)(ana), origin=origin, host=host)
    assert not await one.connect()


@pytest.mark.req("FLT-37")
@pytest.mark.parametrize(
    ("origin", "host", "scheme"),
    [
        (b"http://localhost:8000", b"localhost:8000", "ws"),
        (b"http://LOCALHOST", b"localhost:80", "ws"),
        (b"http://[::1]:8000", b"[::1]:8000", "ws"),
        (b"https://localhost", b"localhost:443", "wss"),
        (b"https://board.example", b"localhost", "ws"),  # a proxy that does not hand the Host on
    ],
)
async def test_socket_is_opened_by_own_pages(project, ana, settings, origin, host, scheme):
    settings.PUBLIC_URL = "https://board.example"
    one = socket(await in_database(signed_in)(ana), origin=origin, host=host, scheme=scheme)
    assert await one.connect()
    await one.leave()


@pytest.mark.req("E5")
@pytest.mark.parametrize(
    "text", ["no json", "[]", '{"type": "shout"}', '{"type": "since", "seq": "1"}', "x" * 70_000, "[" * 60_000]
)
async def test_socket_closes_on_an_invalid_message(open_socket, text):
    one = await open_socket()
    await one.say(text)
    while (message := await one.receive_output(timeout=60))["type"] != "websocket.close":
        pass
    assert message["code"] == 1008


async def test_socket_sends_a_missed_frame_again(project, open_socket):
    await in_database(change)(project, 2)
    one = await open_socket(query="since=2")
    await one.say('{"type": "since", "seq": 1}')
    assert (await frame(one))["seq"] == 2


@pytest.mark.req("E5")
async def test_sockets_per_user_are_ten_at_most(project, ana, open_socket):
    for _ in range(10):
        await open_socket()
    one = socket(await in_database(signed_in)(ana))
    assert not await one.connect()


@pytest.mark.req("E1")
def test_rolled_back_change_leaves_no_event_and_no_gap(project):
    change(project)
    with transaction.atomic():
        events.record(Project.objects.locked(project.pk), "label.created", by=None)
        transaction.set_rollback(True)
    change(project)
    assert list(Event.objects.values_list("seq", flat=True)) == [1, 2]


async def closed(one) -> int:
    """The code by which the socket is closed."""
    while (message := await one.receive_output(timeout=60))["type"] != "websocket.close":
        pass
    return message["code"]


@pytest.mark.req("FLT-23")
@pytest.mark.parametrize("trouble", [ValueError("odd"), OperationalError("restarting")])
async def test_frame_that_fails_stops_neither_heartbeat_nor_revocation(project, ana, open_socket, monkeypatch, trouble):
    def fail(*_args):
        raise trouble

    one = await open_socket()
    monkeypatch.setattr(frames, "ops_for", fail)
    await in_database(change)(project)
    for _ in range(3):
        assert (await frame(one, until="head"))["head"] == 1
    await in_database(Membership.objects.filter(user=ana).delete)()
    assert await closed(one) == feed.NO_ACCESS


@pytest.mark.req("FLT-23")
async def test_frame_that_fails_for_one_language_reaches_the_others(project, open_socket, monkeypatch):
    def fail_in_russian(*_args):
        if get_language() == "ru":
            raise ValueError("odd")
        return []

    russian = await open_socket(query="lang=ru&since=0")
    english = await open_socket(query="lang=en&since=0")
    monkeypatch.setattr(frames, "ops_for", fail_in_russian)
    await in_database(change)(project)
    assert (await frame(english))["seq"] == 1
    assert (await frame(russian, until="head"))["head"] == 1


@pytest.mark.req("FLT-23")
async def test_change_that_cannot_be_rendered_is_left_out_alone(project, open_socket, monkeypatch):
    def render(_project, changes, _task):
        for event in changes:
            if event.payload["number"] == 1:
                raise ValueError("odd")
            yield frames.Op(op="put", id=f"label-{event.payload['number']}")

    monkeypatch.setattr(frames, "_renderers", [("label.", render)])
    one = await open_socket(query="since=0")
    await in_database(change)(project, 3)
    found = await frame(one)
    while found["seq"] < 3:
        found["ops"] += (later := await frame(one))["ops"]
        found["seq"] = later["seq"]
    assert [op["id"] for op in found["ops"]] == ["label-0", "label-2"]


@pytest.mark.req("FLT-23")
async def test_renderer_that_fails_takes_no_other_along(project, open_socket, monkeypatch):
    def fail(*_args):
        raise ValueError("odd")

    renderers = [("label.", fail), ("label.", lambda *_: [frames.Op(op="put", id="other")])]
    monkeypatch.setattr(frames, "_renderers", renderers)
    one = await open_socket(query="since=0")
    await in_database(change)(project)
    assert [op["id"] for op in (await frame(one))["ops"]] == ["other"]


@pytest.mark.req("FLT-23")
@pytest.mark.parametrize("end", ["hangs", "fails"])
async def test_socket_that_takes_no_end_holds_up_no_other(project, ana, open_socket, monkeypatch, end):
    async def take_no_end(_code):
        if end == "fails":
            raise RuntimeError("gone")
        await asyncio.Event().wait()

    monkeypatch.setattr(feed, "CLOSING_SECONDS", 0.1)
    ben = await in_database(MembershipFactory)(project=project, user__name="Ben")
    one = await open_socket()
    await open_socket(session_key=await in_database(signed_in)(ben.user))
    [mine] = [each for each in feed_of(project).connections if each.user_id == ben.user_id]
    mine.close = take_no_end
    await in_database(Membership.objects.filter(pk=ben.pk).delete)()
    while mine in feed_of(project).connections:
        await frame(one, until="head")
    await in_database(change)(project)
    assert (await frame(one))["seq"] == 1


def feed_of(project):
    [found] = [each for (_loop, pk), each in feed._feeds.items() if pk == project.pk]
    return found
