"""A push that names a hundred tasks: how much it costs to find and to link them."""

import time

from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.projects.models import Event, Project, Repository
from apps.tasks.code import links
from bench.product import Product
from bench.table import Line
from bench.visitor import Visitor

KEYS = 100
TIMES = 20


def lines(product: Product, visitor: Visitor) -> list[Line]:
    """Within this process, as a worker does it; PostgreSQL's part is not counted."""
    project = Project.objects.get(key="B1000")
    with CaptureQueriesContext(connection) as asked:
        found = links.tasks_by_number(project, range(1, KEYS + 1))
    if len(found) != KEYS:
        raise RuntimeError(f"{len(found)} tasks of {KEYS} were found")
    took = []
    for n in range(TIMES):
        repository = Repository.objects.create(project=project, name=f"links-{n}", url=f"https://git.example/links/{n}")
        message = " ".join(f"{project.key}-{number}" for number in range(1, KEYS + 1))
        repository.commits.create(sha=f"{n:040x}", author_name="Ana", message=message, committed_at=project.created_at)
        told = {"repository": repository.pk, "branch": "main", "head": "x", "shas": [f"{n:040x}"], "first": False}
        began = time.process_time()
        links.on_pushed(Event(project=project, kind="code.pushed", payload=told, created_at=project.created_at))
        took.append((time.process_time() - began) * 1000)
    return [
        Line(f"{KEYS} keys found, statements", len(asked), "", 1),
        Line(f"a push that links {KEYS} tasks", sum(took) / TIMES, "CPU ms"),
    ]
