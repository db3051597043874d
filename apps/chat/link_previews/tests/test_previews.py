"""The pages that messages link to are asked by a worker, and only where the whole world may look."""

import asyncio
import socket
from datetime import timedelta

import httpx
import pytest
from django.utils import timezone

from apps import outbound
from apps.agents.tests.factories import agent_in
from apps.chat import jobs
from apps.chat.link_previews import previews
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit, remove_previews
from apps.chat.models import LinkPreview, Message
from apps.chat.tests.factories import message_in
from apps.errors import NotAllowed
from apps.projects.realtime import frames

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-11")]
PAGE = "<title>Tides of Skerry</title><meta property='og:description' content='When to sail.'>"
TIDES = "https://tides.example/skerry"


@pytest.fixture
def web(monkeypatch):
    """What the world's pages answer, by address; `web.asked` is who was asked."""

    class Web(dict):
        asked: list[str] = []

        def __call__(self, request: httpx.Request) -> httpx.Response:
            self.asked.append(str(request.url))
            return self.get(str(request.url), httpx.Response(404))

    pages = Web({TIDES: httpx.Response(200, html=PAGE)})
    pages.asked = []
    monkeypatch.setattr(outbound, "GuardedTransport", lambda **_options: httpx.MockTransport(pages))
    return pages


def ask(message: Message) -> None:
    jobs.fetch_previews(message.pk)


def told(message: Message) -> list[tuple[str, str]]:
    return [(preview.url, preview.title) for preview in previews.previews_of([message]).get(message.pk, ())]


def test_preview_is_fetched_after_commit_and_shown(board, room, ana, web):
    message = message_in(room, ana, f"See {TIDES}")
    assert web.asked == []
    board.refresh_from_db()
    ask(message)
    [op] = frames.frame_since(board.pk, board.last_seq, language="en")["ops"]
    assert "Tides of Skerry" in op["html"]
    assert "When to sail." in op["html"]
    ask(message)
    assert web.asked == [TIDES]


@pytest.mark.parametrize(
    "text",
    [
        "No link.",
        f"`{TIDES}`",
        f"    {TIDES}",
        "mailto:ana@example.com",
        "http://testserver/projects/TIDE/",
        "TIDE-1",
        "notes.md",
        "example.com/tides",
    ],
)
def test_preview_needs_a_link_to_outside(room, ana, settings, text):
    settings.PUBLIC_URL = "http://testserver"
    message_in(room, ana, text)
    assert not LinkPreview.objects.exists()


@pytest.mark.req("FLT-32")
@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("www.example.org", "http://www.example.org"),
        ("See www.example.org/tides.", "http://www.example.org/tides"),
        ("[example.org](http://example.org)", "http://example.org"),
        ("https://example.org", "https://example.org"),
        ("<https://example.org/a>", "https://example.org/a"),
    ],
)
def test_preview_of_every_address_that_is_a_link(room, ana, text, url):
    message_in(room, ana, text)
    assert LinkPreview.objects.get().url == url


def test_preview_of_three_links_at_most(room, ana):
    message_in(room, ana, " ".join(f"https://a.example/{number}" for number in (1, 1, 2, 3, 4)))
    assert LinkPreview.objects.count() == 3


def test_preview_is_off_for_agents_and_by_setting(board, room, ana, settings):
    message_in(room, agent_in(board, "Scribe").user, TIDES)
    settings.LINK_PREVIEWS = False
    message_in(room, ana, TIDES)
    assert not LinkPreview.objects.exists()


def test_preview_fetches_are_limited_per_person(room, ana, web, monkeypatch):
    monkeypatch.setattr(previews, "PER_MINUTE", 0)
    message = message_in(room, ana, TIDES)
    ask(message)
    assert not message.previews.filter(fetched_at=None).exists()
    assert web.asked == []


def test_redirects_share_one_time_limit(monkeypatch):
    asked = []

    async def slow(request: httpx.Request) -> httpx.Response:
        asked.append(request.url)
        await asyncio.sleep(0.2)
        return httpx.Response(302, headers={"Location": "/on"})

    monkeypatch.setattr(outbound, "GuardedTransport", lambda **_options: httpx.MockTransport(slow))
    monkeypatch.setattr(previews, "LONGEST", 0.3)
    assert asyncio.run(previews.fetch_page(TIDES)) is None
    assert len(asked) <= 2 < previews.REDIRECTS


def test_previews_follow_edit_and_delete(room, ana, web):
    message = message_in(room, ana, TIDES)
    ask(message)
    message = edit(message, text=f"{TIDES} https://other.example/", by=ana)
    assert told(message) == [(TIDES, "Tides of Skerry")]
    ask(message)
    assert web.asked == [TIDES, "https://other.example/"]
    message = edit(message, text="Neither.", by=ana)
    assert told(message) == []
    delete(message, by=ana)
    assert not LinkPreview.objects.exists()


def test_remove_previews_is_for_author_and_manager(board, room, ana, ben, web):
    message = message_in(room, ana, TIDES)
    ask(message)
    with pytest.raises(NotAllowed):
        remove_previews(message, by=ben)
    remove_previews(message, by=ana)
    assert told(message) == []


def test_job_fetches_remaining_previews(room, ana, web):
    message = message_in(room, ana, TIDES)
    jobs.fetch_remaining_previews()
    assert web.asked == []
    LinkPreview.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    jobs.fetch_remaining_previews()
    assert told(message) == [(TIDES, "Tides of Skerry")]


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(404, html=PAGE),
        httpx.Response(200, content=PAGE, headers={"Content-Type": "application/pdf"}),
        httpx.Response(200, content=PAGE),
        httpx.Response(200, html="<p>No title</p>"),
        httpx.Response(200, content=b"x" * (6 * 1024 * 1024), headers={"Content-Type": "text/html"}),
        httpx.Response(302, headers={"Location": "http://[nonsense"}),
        httpx.Response(302, headers={"Location": "file:///etc/passwd"}),
    ],
)
def test_preview_needs_an_html_page(room, ana, web, answer):
    web[TIDES] = answer
    message = message_in(room, ana, TIDES)
    ask(message)
    assert told(message) == []
    assert LinkPreview.objects.get().fetched_at


@pytest.mark.parametrize(("hops", "is_followed"), [(3, True), (4, False)])
def test_preview_follows_three_redirects(room, ana, web, hops, is_followed):
    for hop in range(hops):
        web[f"https://tides.example/{hop}"] = httpx.Response(301, headers={"Location": f"/{hop + 1}"})
    web[f"https://tides.example/{hops}"] = httpx.Response(200, html=PAGE)
    message = message_in(room, ana, "https://tides.example/0")
    ask(message)
    assert bool(told(message)) is is_followed


INSIDE = [
    "http://169.254.169.254/latest/meta-data/",
    "http://localhost/",
    "http://127.0.0.1/",
    "http://[::1]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:169.254.169.254]/",
    "http://10.0.0.1/",
    "http://[64:ff9b::7f00:1]/",
    "http://2130706433/",
]


@pytest.mark.req("W7")
@pytest.mark.parametrize("url", INSIDE)
def test_preview_never_asks_private_hosts(monkeypatch, settings, url):
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1", "localhost", "10.0.0.0/8", "::1"]
    monkeypatch.setattr(socket.socket, "connect", lambda *_args: pytest.fail("a connection was tried"))
    assert asyncio.run(previews.fetch_page(url)) is None


@pytest.mark.req("W7")
def test_preview_follows_no_redirect_to_private_hosts(monkeypatch, settings):
    settings.OUTBOUND_ALLOWED_HOSTS = ["127.0.0.1"]
    asked = []
    real = outbound.GuardedTransport

    class First(httpx.AsyncBaseTransport):
        """The first page is the world's; what it leads to is asked by the real one."""

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.append(str(request.url))
            if request.url.host == "tides.example":
                return httpx.Response(302, headers={"Location": "http://127.0.0.1:80/"})
            return await real(only_public=True).handle_async_request(request)

    monkeypatch.setattr(outbound, "GuardedTransport", lambda **_options: First())
    monkeypatch.setattr(socket.socket, "connect", lambda *_args: pytest.fail("a connection was tried"))
    assert asyncio.run(previews.fetch_page(TIDES)) is None
    assert asked == [TIDES, "http://127.0.0.1/"]


@pytest.mark.req("W7")
def test_preview_pins_the_address_against_rebinding(monkeypatch):
    looked_up = []

    def look_up(host, port, *_args, **_kwargs):
        looked_up.append(host)
        address = "93.184.215.14" if len(looked_up) == 1 else "127.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    connected = []

    async def refuse(_loop, _sock, address):
        connected.append(address)
        raise ConnectionRefusedError

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(asyncio.selector_events.BaseSelectorEventLoop, "sock_connect", refuse)
    assert asyncio.run(previews.fetch_page("http://rebinding.example/")) is None
    assert {address[0] for address in connected} <= {"93.184.215.14"}
    assert connected


@pytest.mark.req("FLT-23")
def test_previews_that_fail_hold_back_no_other(room, ana, monkeypatch):
    """More of them than a sweep takes, and all older: each is tried a few times, later and later."""

    async def fetch_page(url):
        asked.append(url)
        if "odd" in url:
            raise RuntimeError("whatever a page makes of its reader")
        return previews.opengraph.PageMetadata("Tides of Skerry", "", "")

    asked: list[str] = []
    monkeypatch.setattr(previews, "fetch_page", fetch_page)
    monkeypatch.setattr(previews, "PER_MINUTE", 10_000)
    for number in range(25):
        message_in(room, ana, f"https://tides.example/odd{number}")
    good = message_in(room, ana, f"https://tides.example/odd https://tides.example/even {TIDES}")
    for _ in range(12):
        past = timezone.now() - timedelta(hours=2)
        LinkPreview.objects.update(created_at=past)
        LinkPreview.objects.filter(attempts=0).update(next_attempt_at=past)
        jobs.fetch_remaining_previews()
    assert [title for _url, title in told(good)] == ["Tides of Skerry"] * 2
    for _ in range(12):
        LinkPreview.objects.update(next_attempt_at=timezone.now())
        jobs.fetch_remaining_previews()
    assert asked.count("https://tides.example/odd0") == previews.MAX_ATTEMPTS
    assert not LinkPreview.objects.filter(fetched_at=None).exists()
