"""What web, worker and beat hold together, after they have worked."""

from bench.product import Product
from bench.table import Line
from bench.visitor import Visitor


def lines(product: Product, visitor: Visitor) -> list[Line]:
    for _ in range(40):
        visitor.get("/projects/B1000/")
    return [Line("memory of web, worker and beat (PSS)", product.memory_mib(), "MiB", 220)]
