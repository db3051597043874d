"""What happened to one task: its events and comments in one line of time."""

from django.template.loader import render_to_string

from apps.projects.live import Op
from apps.projects.models import Event, Project
from apps.tasks.models import Comment, Task

SHOWN = 100  # the latest entries; older ones come in pages


def entries(task: Task, before: int | None = None) -> list[dict]:
    """Up to SHOWN entries, oldest first, of those with a seq below `before`: `{"event", "comment"}`."""
    log = Event.objects.filter(project=task.project_id, task_id=task.pk).select_related("actor").order_by("-seq")
    return _with_comments(list((log.filter(seq__lt=before) if before else log)[:SHOWN])[::-1])


def _with_comments(log: list[Event]) -> list[dict]:
    said = Comment.objects.select_related("author").in_bulk(
        [event.payload["comment"] for event in log if event.kind == "comment.created"]
    )
    return [{"event": event, "comment": said.get(event.payload.get("comment"))} for event in log]


def ops_of(project: Project, task: int, events: list[Event]) -> list[Op]:
    """The open task's new entries."""
    fresh = _with_comments([event for event in events if event.task_id == task])
    return [
        Op(
            op="put",
            id=f"event-{entry['event'].pk}",
            parent=f"timeline-{task}",
            rank=f"{entry['event'].seq:012}",
            html=render_to_string("tasks/_entry.html", entry),
            audience=task,
        )
        for entry in fresh
    ]
