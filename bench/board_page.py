"""The board page: cost, growth with the number of tasks, weight and statements."""

import os
import re
from html import unescape

from bench.product import Product
from bench.table import Line
from bench.visitor import Cost, Visitor, cost_of
from teamboard.launch.ports import any_free

TIMES, TURNS = 60, 3
GOALS = {"B200": 18, "B1000": 18, "B5000": 20}
NEXT_PAGE = re.compile(r'href="([^"]*\?after=[^"]*)"')


def lines(product: Product, visitor: Visitor) -> list[Line]:
    costs = costs_of_boards(product, visitor)
    floors = {key: floor(product, visitor, key) for key in GOALS}
    found = [
        Line(f"board page, {key[1:]} tasks", costs[key].cpu_ms, "CPU ms", goal, floors[key].cpu_ms)
        for key, goal in GOALS.items()
    ]
    answer = visitor.get("/projects/B1000/")
    wire = int(answer.headers.get("content-length", 0)) or answer.num_bytes_downloaded
    growth = costs["B5000"].cpu_ms / costs["B200"].cpu_ms
    return [
        *found,
        Line("board page, growth from 200 to 5000 tasks", growth, "x", 1.2),
        Line("board page, 1000 tasks, wall p50", costs["B1000"].p50_ms, "ms", None, floors["B1000"].p50_ms),
        Line("board page, 1000 tasks, on the wire", wire / 1024, "KiB", 25),
        Line("board page, 1000 tasks, statements", len(visitor.queries("get", "/projects/B1000/")), "", 10),
        every_card(product, visitor),
    ]


def costs_of_boards(product: Product, visitor: Visitor) -> dict[str, Cost]:
    """Each size's median of TURNS; they take turns, so that what else the machine does meets them alike."""
    turns = [{key: cost_of_board(product, visitor, key) for key in GOALS} for _ in range(TURNS)]
    return {key: sorted(turn[key] for turn in turns)[TURNS // 2] for key in GOALS}


def cost_of_board(product: Product, visitor: Visitor, key: str) -> Cost:
    return cost_of(product, lambda _: visitor.get(f"/projects/{key}/"), TIMES // 2, warm=5)


def every_card(product: Product, visitor: Visitor) -> Line:
    """The board and then page after page of each column, until all 1,000 cards were shown."""
    shown = read_to_the_end(visitor, "B1000")
    if shown != 1000:
        raise RuntimeError(f"{shown} of 1000 cards were shown")
    cost = cost_of(product, lambda _: read_to_the_end(visitor, "B1000"), 8, warm=1)
    return Line("every card of 1000, page by page", cost.cpu_ms, "CPU ms", 160)


def read_to_the_end(visitor: Visitor, key: str) -> int:
    """How many cards there were."""
    waiting, shown = [f"/projects/{key}/"], set()
    while waiting:
        page = visitor.get(waiting.pop(), {"X-Fragment": "1"}).text
        shown |= set(re.findall(r'id="task-(\d+)"', page))
        waiting += [unescape(path) for path in NEXT_PAGE.findall(page)]
    return len(shown)


def floor(product: Product, visitor: Visitor, key: str) -> Cost:
    """The same bytes, drawn beforehand, by a bare ASGI application that asks two statements."""
    with visitor.http.stream("GET", f"/projects/{key}/") as answer:
        body = product.folder / "body.gz"
        body.write_bytes(b"".join(answer.iter_raw()))
    port = any_free()
    os.environ["BENCH_BODY"] = str(body)
    child = product.serve("floor", "bench.floors:page", port)
    try:
        return cost_of(product, lambda _: visitor.http.get(f"http://127.0.0.1:{port}/{key}/"), TIMES)
    finally:
        child.stop()
        del product.children["floor"]
