"""What each operation costs, beside the least it can cost: `make bench`.

    python -m teamboard.launch.with_services python -m bench [board] [move] [create] [live] …

CPU is that of web, worker, beat, database and broker together, user and system, children included:
it hardly moves when the machine is busy. Wall clock is given where a person waits.
"""

import importlib
import sys
import tempfile
from pathlib import Path

from bench import environment
from bench.product import Product, furnish
from bench.table import draw
from teamboard.launch.ports import any_free

ROWS = {
    "memory": "memory",  # first: later rows open a thousand sockets
    "board": "board_page",
    "move": "move_task",
    "create": "create_task",
    "live": "live_updates",
    "runs": "runs",
    "growth": "growth",
    "rooms": "rooms",
    "webhooks": "webhooks",
    "git": "repositories",
    "push-links": "push_links",
    "large-repositories": "large_repositories",
}


def main(asked: list[str]) -> None:
    if unknown := set(asked) - set(ROWS):
        sys.exit(f"There is no row {', '.join(unknown)}; there are {', '.join(ROWS)}.")
    with tempfile.TemporaryDirectory(prefix="teamboard-bench-") as folder:
        measure(Path(folder), asked or list(ROWS))


def measure(folder: Path, rows: list[str]) -> None:
    port = any_free()
    environment.prepare(folder, port)
    furnish()
    from bench import boards
    from bench.visitor import Visitor

    people = boards.seed()
    lines = []
    with Product(folder, port) as product:
        visitor = Visitor(product, people[0])
        try:
            for row in rows:
                print(f"measuring {row} …", file=sys.stderr, flush=True)
                lines += importlib.import_module(f"bench.{ROWS[row]}").lines(product, visitor)
        finally:
            print(draw(lines), flush=True)
    if missed := [line.operation for line in lines if line.misses]:
        print(f"\nMissed: {', '.join(missed)}.")


main(sys.argv[1:])
