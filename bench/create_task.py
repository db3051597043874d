"""Creating a task with two labels by the API."""

from django.db import transaction

from apps.projects.models import Project
from apps.tasks.board import ranks
from apps.tasks.models import Label, Task
from bench.product import Product
from bench.table import Line
from bench.visitor import Cost, Visitor, cost_of

TIMES = 60


def lines(product: Product, visitor: Visitor) -> list[Line]:
    project = Project.objects.get(key="B1000")
    labels = list(Label.objects.filter(project=project).values_list("pk", flat=True)[:2])
    shape = {"title": "Mend the garden gate", "description": "It squeaks. " * 26, "labels": labels}
    ours = cost_of(product, lambda _: visitor.send("/api/v1/projects/B1000/tasks/", shape), TIMES)
    return [
        Line("create a task by the API", ours.cpu_ms, "CPU ms", 25, floor(product, project, labels).cpu_ms),
        Line("create a task by the API, wall p50", ours.p50_ms, "ms"),
    ]


def floor(product: Product, project: Project, labels: list[int]) -> Cost:
    """One ORM object and its two labels, in this process."""
    column, places = project.columns.last(), ranks.spread(200, "zz")

    def create(n: int) -> None:
        with transaction.atomic():
            task = Task.objects.create(
                project=project, number=1_000_000 + n, column=column, rank=places[n], title="Mend the gate"
            )
            task.labels.set(labels)

    return cost_of(product, create, TIMES, is_ours=True)
