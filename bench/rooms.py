"""The room: what a message costs, when many open pages have it, and how a million of them are read and searched."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import NamedTuple

import httpx

from apps.chat.models import Room
from apps.projects.models import Project
from bench import boards
from bench.message_listener import Overhearer, overhear
from bench.product import Product
from bench.socket_fanout import hang_up
from bench.table import Line
from bench.visitor import Visitor, cost_of, percentile
from teamboard.launch.ports import any_free

EACH = 10  # sockets of one person
SECONDS = 10
ROUNDS = {50: 30, 500: 5}  # messages a second by the number of sockets
SPEAKERS = 10
Say = Callable[[int, list[Overhearer], httpx.AsyncClient], Awaitable[None]]


class Talk(NamedTuple):
    p95_ms: float  # from the click to a socket
    missing: int
    cpu_ms: float  # of 1,000 deliveries, the message itself included


def lines(product: Product, visitor: Visitor) -> list[Line]:
    room = Room.objects.get(project__key="LIVE")
    cost = cost_of(product, lambda n: visitor.post(*words(room, f"Message {n}")).raise_for_status(), 80)
    statements = visitor.queries("post", *words(room, "Counted"))
    return [
        Line("say something in a room", cost.cpu_ms, "CPU ms"),
        Line("say something in a room, wall p50", cost.p50_ms, "ms"),
        Line("say something in a room, statements with who asks", len(statements), ""),
        *_talks(product, room),
        *_a_million(product, visitor),
    ]


def words(room: Room, text: str) -> tuple[str, dict]:
    """Where to post them, and the form; `since` asks for the frame that the page gets."""
    project = Project.objects.get(pk=room.project_id)
    seen = {"since": project.last_seq, "epoch": str(project.epoch)}
    return f"/projects/{project.key}/chat/{room.pk}/messages/", {
        "text": text,
        "client_message_id": uuid.uuid4(),
        **seen,
    }


def _talks(product: Product, room: Room) -> list[Line]:
    listeners = [Visitor(product, user) for user in boards.spectators()]
    say = _saying(product, listeners[:SPEAKERS], *words(room, ""))
    found = []
    for sockets, rate in ROUNDS.items():
        cookies = [listeners[n // EACH].cookie_line for n in range(sockets)]
        ours = asyncio.run(_heard(product, product.port, "/ws/projects/LIVE/", cookies, rate, say))
        floor = _bare_channels(product, sockets, rate)
        told = f"{rate} messages a second to {sockets} sockets"
        found += [
            Line(f"{told}: a delivery, p95", ours.p95_ms, "ms", None, floor.p95_ms),
            Line(f"{told}: 1000 deliveries", ours.cpu_ms, "CPU ms", None, floor.cpu_ms),
            Line(f"{told}: missing", ours.missing, "", 0),
        ]
    return found


def _saying(product: Product, speakers: list[Visitor], path: str, form: dict) -> Say:
    """What is said as the page's script says it, by one speaker after the other."""

    async def say(n: int, _ears: list[Overhearer], http: httpx.AsyncClient) -> None:
        who = speakers[n % SPEAKERS]
        headers = {**who.http.headers, "Accept": "application/json", "Cookie": who.cookie_line}
        said = form | {"text": f"said-{n}.", "client_message_id": str(uuid.uuid4())}
        answer = await http.post(product.url + path, data=said, headers=headers)
        if answer.is_success:  # what a busy product refuses is missing in the end
            form["since"] = max(form["since"], answer.json()["seq"])

    return say


async def _heard(product: Product, port: int, path: str, cookies: list[str], rate: int, say: Say) -> Talk:
    ears = await asyncio.gather(*(overhear(port, path, cookie) for cookie in cookies))
    try:
        async with httpx.AsyncClient(timeout=30) as http:
            return await talk(product, list(ears), lambda n: say(n, list(ears), http), rate)
    finally:
        hang_up(list(ears))
        await asyncio.sleep(1)


async def talk(product: Product, ears: list[Overhearer], say: Callable[[int], Awaitable], rate: int) -> Talk:
    """Say `rate` messages a second for SECONDS, and see when each of the `ears` has each of them."""
    await asyncio.sleep(2)
    saying, said_at, before = [], {}, product.cpu_ms()
    for n in range(1, rate * SECONDS + 1):
        said_at[n] = time.perf_counter()
        saying.append(asyncio.ensure_future(say(n)))
        await asyncio.sleep(max(0, min(said_at.values()) + n / rate - time.perf_counter()))
    await asyncio.gather(*saying)
    await asyncio.sleep(2)
    cpu = product.cpu_ms() - before
    waits = [(ear.heard_at[n] - at) * 1000 for ear in ears for n, at in said_at.items() if n in ear.heard_at]
    deliveries = len(ears) * len(said_at)
    return Talk(percentile(waits, 95), deliveries - len(waits), cpu / deliveries * 1000)


def _bare_channels(product: Product, sockets: int, rate: int) -> Talk:
    """The same talk through a Channels consumer that repeats what one of its group says."""

    async def say(n: int, ears: list[Overhearer], _http: httpx.AsyncClient) -> None:
        ears[0].say(f"said-{n}.".encode() + b"x" * 100)

    port = any_free()
    child = product.serve("floor", "bench.floors:channel", port)
    try:
        return asyncio.run(_heard(product, port, "/", [""] * sockets, rate, say))
    finally:
        child.stop()
        del product.children["floor"]


def _a_million(product: Product, visitor: Visitor) -> list[Line]:
    """Fifty rooms with a million messages."""
    rooms = boards.talk(visitor.user)
    middle = rooms[0].messages.order_by("pk")[10_000].pk  # of twenty thousand
    page = f"/projects/TALK/chat/{rooms[0].pk}/messages/?before={middle}"
    search = "/projects/TALK/chat/search/?q="
    unread = "/projects/TALK/chat/unread/"
    asked = {
        "a page of history": page,
        "search for a common word": f"{search}winter",
        "search for one in between": f"{search}harbo",
        "search for a rare one": f"{search}lighthouse from:bo.birch",
        "unread of 50 rooms": unread,
    }
    found = []
    for told, path in asked.items():
        cost = cost_of(product, lambda _, path=path: visitor.get(path), 40, warm=5)
        statements = len(visitor.queries("get", path))
        found += [
            Line(f"a million messages, {told}", cost.cpu_ms, "CPU ms"),
            Line(f"a million messages, {told}, wall p95", cost.p95_ms, "ms", 300),
            Line(f"a million messages, {told}, statements", statements, ""),
        ]
    return found
