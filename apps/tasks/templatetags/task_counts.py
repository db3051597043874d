"""What the page of all projects says about each one's tasks."""

from collections.abc import Iterable
from typing import Any

from django import template
from django.db.models import Count, Q

from apps.projects.models import Project
from apps.tasks.models import Task
from apps.tasks.status_notes import State

register = template.Library()
NEEDS_ATTENTION = [State.YOU, State.DONE, State.STOPPED, State.FAILED]


@register.simple_tag
def with_task_counts(projects: Iterable[Project]) -> list[dict[str, Any]]:
    """Each project with its number of open tasks, and of those that need a person."""
    found = (
        Task.objects.open()
        .filter(project__in=projects)
        .values("project")
        .annotate(open=Count("pk"), need_attention=Count("pk", filter=Q(status_note__state__in=NEEDS_ATTENTION)))
    )
    counts = {row["project"]: row for row in found}
    return [{"open": 0, "need_attention": 0, **counts.get(project.pk, {}), "project": project} for project in projects]
