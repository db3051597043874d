"""Creating a task with two labels by the API."""

from django.db import transaction

from apps.projects.models import Project
from apps.tasks.board import ranks
from apps.tasks.models import Label, Task
from bench.product import Product
from bench.table import Line
from bench.visitor import Cost, Visitor, cost_at_once, cost_of

TIMES = 60
AT_ONCE, EACH = 8, 15
PATH = "/api/v1/projects/B1000/tasks/"


def lines(product: Product, visitor: Visitor) -> list[Line]:
    project = Project.objects.get(key="B1000")
    labels = list(Label.objects.filter(project=project).values_list("pk", flat=True)[:2])
    shape = {"title": "Mend the garden gate", "description": "It squeaks. " * 26, "labels": labels}
    ours = cost_of(product, lambda _: visitor.send(PATH, shape), TIMES)
    statements = visitor.queries("post", PATH, shape, content_type="application/json")

    def create(_: int) -> None:
        person = Visitor(product, visitor.user)
        for _n in range(EACH):
            person.send(PATH, shape)

    at_once = cost_at_once(product, create, AT_ONCE) / EACH
    return [
        Line("create a task by the API", ours.cpu_ms, "CPU ms", 10, floor(product, project, labels).cpu_ms),
        Line("create a task by the API, wall p50", ours.p50_ms, "ms"),
        Line("create a task by the API, statements", len(statements), "", 10),
        Line("create, 8 at once", at_once, "CPU ms", 12),
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
