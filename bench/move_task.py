"""Moving a card: in a board of 1,000, in a column of 5 and of 5,000, and eight people at once."""

import random

import httpx
from django.db import transaction

from apps.projects.models import Project
from apps.tasks.board import ranks
from apps.tasks.models import Column, Task
from bench import boards
from bench.product import Product
from bench.table import Line
from bench.visitor import Cost, Visitor, cost_at_once, cost_of

TIMES = 80
AT_ONCE = 8


class Mover:
    """Moves that always change something: a card behind one of another column, or to the end of its own."""

    def __init__(self, key: str, within: Column | None = None, share: int = 0, shares: int = 1) -> None:
        self.key, self.within, self.random = key, within, random.Random(share)
        self.tasks = [task for task in boards.tasks_of(key) if within in (None, task.column)][share::shares]
        self.columns = list(Column.objects.filter(project__key=key))
        self.project = Project.objects.get(key=key)

    def next(self, _: int) -> tuple[str, dict]:
        """Where to post the next move, and what."""
        if self.within:
            task, to = self.tasks[0], self.within
            self.tasks = self.tasks[1:] + self.tasks[:1]  # the first goes to the end
            return self.path_of(task), self.seen() | {"to": to.pk}
        task = self.random.choice(self.tasks)
        to = self.random.choice([column for column in self.columns if column.pk != task.column_id])
        after = self.random.choice([other for other in self.tasks if other.column_id == to.pk])
        values = self.seen() | {"to": to.pk, "after": after.pk, "seen_in": task.column_id}
        task.column_id = to.pk
        return self.path_of(task), values

    def seen(self) -> dict:
        """Where the page stands, which the answer goes on from."""
        return {"since": self.project.last_seq, "epoch": self.project.epoch, "client": "bench"}

    def note(self, answer: httpx.Response) -> None:
        answer.raise_for_status()
        self.project.last_seq = answer.json()["seq"]

    def path_of(self, task: Task) -> str:
        return f"/projects/{self.key}/tasks/{task.number}/move/"


def lines(product: Product, visitor: Visitor) -> list[Line]:
    board, bare = cost(product, visitor, Mover("B1000")), floor(product)
    short, long = Column.objects.filter(project__key="LONG")[:2]
    few = cost(product, visitor, Mover("LONG", within=short))
    many = cost(product, visitor, Mover("LONG", within=long))
    path, values = Mover("B1000").next(0)
    statements = visitor.queries("post", path, values)
    return [
        Line("move a card, 1000 on the board", board.cpu_ms, "CPU ms", 8, bare.cpu_ms),
        Line("move a card, wall p50", board.p50_ms, "ms", None, bare.p50_ms),
        Line("move a card, statements", len(statements), "", 8),
        Line("move in a column of 5", few.cpu_ms, "CPU ms", 8),
        Line("move in a column of 5000", many.cpu_ms, "CPU ms", 8),
        *at_once(product, visitor),
    ]


def cost(product: Product, visitor: Visitor, mover: Mover) -> Cost:
    return cost_of(product, lambda n: mover.note(visitor.post(*mover.next(n))), TIMES)


def at_once(product: Product, visitor: Visitor) -> list[Line]:
    """Eight people move cards of one board at the same time."""
    refused: list[int] = []

    def drag(share: int) -> None:
        person, mover = Visitor(product, visitor.user), Mover("B1000", share=share, shares=AT_ONCE)
        for n in range(20):
            status = person.post(*mover.next(n)).status_code
            if status >= 400:
                refused.append(status)

    each = cost_at_once(product, drag, AT_ONCE) / 20
    return [
        Line("move, 8 at once", each, "CPU ms", 10),
        Line("move, 8 at once: errors", len(refused), "", 0),
    ]


def floor(product: Product) -> Cost:
    """Lock and save through the ORM, in this process: no HTTP, no log, nobody told."""
    columns = list(Column.objects.filter(project__key="B200"))
    tasks, places = boards.tasks_of("B200"), ranks.spread(200, "zz")

    def update(n: int) -> None:
        with transaction.atomic():
            Project.objects.locked(tasks[n].project_id)
            task = Task.objects.get(pk=tasks[n].pk)
            task.column, task.rank = columns[n % len(columns)], places[n]
            task.save(update_fields=["column", "rank", "updated_at"])

    return cost_of(product, update, TIMES, is_ours=True)
