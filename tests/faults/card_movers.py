"""People who drag cards all the time, over HTTP, and remember what the board confirmed."""

import random
import threading

import httpx

from apps.accounts.models import User
from apps.tasks.models import Column, Task
from bench.product import Product
from bench.visitor import Visitor


class Dragger:
    """One person's moves, and where each card may be: where the last confirmed one put it, or one since."""

    def __init__(self, product: Product, user: User, tasks: list[Task], seed: int) -> None:
        self.visitor, self.random = Visitor(product, user), random.Random(seed)
        self.tasks = tasks
        self.columns = list(Column.objects.filter(project=tasks[0].project).values_list("pk", flat=True))
        self.possible = {task.pk: {task.column_id} for task in tasks}
        self.confirmed = self.failed = 0

    def drag(self) -> None:
        task, to = self.random.choice(self.tasks), self.random.choice(self.columns)
        path = f"/projects/{task.project.key}/tasks/{task.number}/move/"
        try:
            is_confirmed = self.visitor.post(path, {"to": to}).is_success
        except httpx.HTTPError:
            is_confirmed = False
        if is_confirmed:
            self.confirmed += 1
            self.possible[task.pk] = {to}
        else:
            self.failed += 1
            self.possible[task.pk].add(to)

    def lost(self) -> int:
        """How many cards are not where they can be."""
        found = dict(Task.objects.filter(pk__in=self.possible).values_list("pk", "column_id"))
        return sum(found[pk] not in columns for pk, columns in self.possible.items())


class Dragging:
    """Several people in threads, until the block ends."""

    def __init__(self, draggers: list[Dragger], pause: float = 0.2) -> None:
        self.draggers, self.pause, self.over = draggers, pause, threading.Event()
        self.threads = [threading.Thread(target=self._keep_dragging, args=[each]) for each in draggers]

    def _keep_dragging(self, dragger: Dragger) -> None:
        while not self.over.wait(self.pause):
            dragger.drag()

    def __enter__(self) -> "Dragging":
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_) -> None:
        self.over.set()
        for thread in self.threads:
            thread.join()
