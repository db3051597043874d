"""One move to 200 and 1,000 open boards: the last socket, the cost of a delivery, and no refetching."""

import asyncio

import httpx

from bench import boards
from bench.move_task import Mover
from bench.product import Product
from bench.socket_fanout import Ear, Heard, MoveOnce, hang_up, listen, rounds
from bench.table import Line
from bench.visitor import Visitor
from teamboard.launch.ports import any_free

EACH = 10  # sockets of one person
CPU_GOALS = {200: 30}
MANY = {200: 18, 1000: 100}  # sockets, and the goal in ms


def lines(product: Product, visitor: Visitor) -> list[Line]:
    cookies = [Visitor(product, user).cookie_line for user in boards.spectators()]
    return asyncio.run(_lines(product, visitor, Mover("LIVE"), cookies))


async def _lines(product: Product, visitor: Visitor, mover: Mover, cookies: list[str]) -> list[Line]:
    async with httpx.AsyncClient(headers=visitor.http.headers, cookies=visitor.cookies) as http:
        move_once = _moving(product, http, mover)
        alone = await _heard(product, product.port, "/ws/projects/LIVE/", cookies, 1, move_once)
        heard = {n: await _heard(product, product.port, "/ws/projects/LIVE/", cookies, n, move_once) for n in MANY}
    floors = await _floors(product)
    found = []
    for n, goal in MANY.items():
        delivery = (heard[n].cpu_ms - alone.cpu_ms) / (n - 1) * 1000
        bare = floors[n].cpu_ms / n * 1000
        found += [
            Line(f"one move to {n} sockets: the last one, p50", heard[n].last_ms, "ms", goal, floors[n].last_ms),
            Line(f"one move to {n} sockets: all of it", heard[n].cpu_ms, "CPU ms", CPU_GOALS.get(n)),
            Line(f"one move to {n} sockets: a delivery", delivery, "CPU µs", 80, bare),
            Line(f"one move to {n} sockets: boards fetched again", heard[n].reloads, "", 0),
        ]
    return found


def _moving(product: Product, http: httpx.AsyncClient, mover: Mover) -> MoveOnce:
    async def move_once(n: int) -> None:
        path, values = mover.next(n)
        mover.note(await http.post(product.url + path, data=values, headers={"Accept": "application/json"}))

    return move_once


async def _heard(
    product: Product, port: int, path: str, cookies: list[str], sockets: int, move_once: MoveOnce
) -> Heard:
    ears = await asyncio.gather(*(listen(port, path, cookies[n // EACH]) for n in range(sockets)))
    await asyncio.sleep(2)
    try:
        return await rounds(product, ears, move_once)
    finally:
        hang_up(ears)
        await asyncio.sleep(1)


async def _floors(product: Product) -> dict[int, Heard]:
    """The same number of sockets at a bare ASGI application that repeats what one of them says."""
    port = any_free()
    child = product.serve("floor", "bench.floors:echo", port)
    found = {}
    for n in MANY:
        ears: list[Ear] = list(await asyncio.gather(*(listen(port, "/", "") for _ in range(n))))

        async def move_once(_: int, first: Ear = ears[0]) -> None:
            first.say(b'"ops":[' + b"x" * 100)

        found[n] = await rounds(product, ears, move_once)
        hang_up(ears)
    child.stop()
    del product.children["floor"]
    return found
