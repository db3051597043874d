"""What web, worker and beat hold together, after they have worked."""

from bench.house import House
from bench.table import Line
from bench.visitor import Visitor


def lines(house: House, visitor: Visitor) -> list[Line]:
    for _ in range(40):
        visitor.get("/projects/B1000/")
    return [Line("memory of web, worker and beat (PSS)", house.memory_mib(), "MiB", 260)]
