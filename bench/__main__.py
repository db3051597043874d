"""What each operation costs, beside the least it can cost: `make bench`.

    python -m teamboard.launch.with_services python -m bench [board] [move] [create] [live] …

CPU is that of web, worker, beat, database and broker together, user and system, children included:
it hardly moves when the machine is busy. Wall clock is given where a person waits.
"""

import importlib
import sys
import tempfile
from pathlib import Path

from bench import surroundings
from bench.house import House, furnish
from bench.table import draw
from teamboard.launch.ports import any_free

ROWS = {
    "memory": "memory",  # first: later rows open a thousand sockets
    "board": "pages",
    "move": "moves",
    "create": "creates",
    "live": "lives",
    "runs": "runs",
    "talk": "talks",
    "hooks": "hooks",
    "git": "repositories",
    "links": "links",
    "huge": "huge",
}


def main(asked: list[str]) -> None:
    if unknown := set(asked) - set(ROWS):
        sys.exit(f"There is no row {', '.join(unknown)}; there are {', '.join(ROWS)}.")
    with tempfile.TemporaryDirectory(prefix="teamboard-bench-") as folder:
        measure(Path(folder), asked or list(ROWS))


def measure(folder: Path, rows: list[str]) -> None:
    port = any_free()
    surroundings.prepare(folder, port)
    furnish()
    from bench import boards
    from bench.visitor import Visitor

    people = boards.seed()
    lines = []
    with House(folder, port) as house:
        visitor = Visitor(house, people[0])
        try:
            for row in rows:
                print(f"measuring {row} …", file=sys.stderr, flush=True)
                lines += importlib.import_module(f"bench.{ROWS[row]}").lines(house, visitor)
        finally:
            print(draw(lines), flush=True)
    if missed := [line.operation for line in lines if line.misses]:
        print(f"\nMissed: {', '.join(missed)}.")


main(sys.argv[1:])
