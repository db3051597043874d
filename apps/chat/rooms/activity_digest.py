"""The digest of the board in the project's own room: one line for many changes, which grows in its place.

Whoever changes something does not wait for it: a sweep reads the log from where the last digest ended.
"""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.chat.messages.actions.post import post_system_message
from apps.chat.models import Message, Room, TaskReference
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event, Project
from apps.tasks.models import Category, Column, Task

WINDOW = timedelta(minutes=5)  # from its beginning, a line takes in what happens
POSTED_WITHIN = timedelta(seconds=15)  # a task made out of a message is announced by its author
MOST_SHOWN = 20
MOST_NAMED = 2
CREATED, MOVED, FINISHED = "created", "moved", "finished"
# By what happened: the keys of the tasks, and the names of those who did it.
Parts = dict[str, dict[str, list[Any]]]


def due_rooms() -> QuerySet[Room]:
    """The rooms of projects in whose log there is more than their digests hold."""
    return Room.objects.filter(is_default=True, digested_seq__lt=F("project__last_seq"))


def update(room: Room) -> None:
    """Add to `room` what its project's log has since the last digest: in its latest line if that is recent."""
    with locked_for_change(room.project_id, room) as project:
        since = project.events.filter(seq__gt=room.digested_seq, kind__in=("task.created", "task.moved"))
        room.digested_seq = project.last_seq
        room.save(update_fields=["digested_seq"])
        changes = list(_changes(project, list(since.select_related("actor").order_by("seq"))))
        if changes:
            _add(project, room, changes)


def _add(project: Project, room: Room, changes: list[tuple[str, Event]]) -> None:
    line = _recent_line(room)
    digest: dict[str, Any] = line.system_message or {} if line else {}
    parts = merge(digest["facts"]["parts"] if line else {}, changes)
    if line is None:
        line = post_system_message(room, "activity_digest", parts=parts)
    else:
        digest["facts"]["parts"] = parts
        line.save(update_fields=["system_message"])
        events.record(project, "message.updated", by=None, room=room.pk, message=line.pk)
    _reference_tasks(line, parts)


def _changes(project: Project, log: list[Event]) -> Iterable[tuple[str, Event]]:
    """What of the log belongs into the digest: a task is new, came to another column, or is done."""
    done = set(Column.objects.filter(project=project, category=Category.DONE).values_list("pk", flat=True))
    posted = _already_posted(log)
    for event in log:
        if event.kind == "task.created":
            if (event.task_id, event.actor_id) not in posted:
                yield CREATED, event
        elif len(set(event.payload["columns"])) > 1:
            yield FINISHED if event.payload["columns"][-1] in done else MOVED, event


def _already_posted(log: list[Event]) -> set[tuple[int, int]]:
    """Which task was named in a room by whom, at about the time of the log."""
    if not log:
        return set()
    posted = TaskReference.objects.filter(
        task__in={event.task_id for event in log},
        message__created_at__range=(log[0].created_at - POSTED_WITHIN, log[-1].created_at + POSTED_WITHIN),
    )
    return set(posted.values_list("task", "message__author"))


def _recent_line(room: Room) -> Message | None:
    """The last that stands in the room, if it is such a line and has begun within WINDOW."""
    last = room.messages.not_deleted().order_by("-pk").first()
    if last is None or not last.system_message or last.system_message["code"] != "activity_digest":
        return None
    return last if last.created_at > timezone.now() - WINDOW else None


def merge(parts: Parts, changes: Iterable[tuple[str, Event]]) -> Parts:
    """`parts` and what happened since. Each task counts once as moved or finished: as what became of it last."""
    found: Parts = {kind: {"tasks": [*part["tasks"]], "by": [*part["by"]]} for kind, part in parts.items()}
    for kind, event in changes:
        other = found.get({MOVED: FINISHED, FINISHED: MOVED}.get(kind, ""))
        if other and event.task_id in other["tasks"]:
            other["tasks"].remove(event.task_id)
        part = found.setdefault(kind, {"tasks": [], "by": []})
        for known, new in ((part["tasks"], event.task_id), (part["by"], str(event.actor or "Team Board"))):
            if new not in known:
                known.append(new)
    return {kind: part for kind, part in found.items() if part["tasks"]}


def _reference_tasks(line: Message, parts: Parts) -> None:
    """Have the line name its tasks, as far as it shows them: what they are is seen live."""
    keys = list(dict.fromkeys(key for part in parts.values() for key in part["tasks"]))[:MOST_SHOWN]
    known = Task.objects.filter(pk__in=keys)
    TaskReference.objects.bulk_create((TaskReference(message=line, task=task) for task in known), ignore_conflicts=True)


def digest_sentence(facts: dict[str, Any]) -> str:
    """`Ana and Scribe moved 4 cards.`, and the same for what is new and what is done."""
    sentences = []
    for kind in (CREATED, MOVED, FINISHED):
        if part := facts["parts"].get(kind):
            n = len(part["tasks"])
            sentences.append(_sentence_of(kind, n).format(names=_names(part["by"]), n=n))
    return " ".join(sentences)


def _sentence_of(kind: str, n: int) -> str:
    if kind == CREATED:
        return ngettext("{names} created {n} task.", "{names} created {n} tasks.", n)
    if kind == MOVED:
        return ngettext("{names} moved {n} card.", "{names} moved {n} cards.", n)
    return ngettext("{names} finished {n} task.", "{names} finished {n} tasks.", n)


def _names(names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    if len(names) == MOST_NAMED:
        return _("{name} and {other}").format(name=names[0], other=names[1])
    more = len(names) - 1
    return ngettext("{name} and {n} other", "{name} and {n} others", more).format(name=names[0], n=more)
