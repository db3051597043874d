"""Editing a task's fields. Different fields merge; the same field from a stale page is a conflict."""

from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Conflict, Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event
from apps.projects.permissions import Action
from apps.tasks.actions.create import title_fault
from apps.tasks.models import Task

FIELDS = ("title", "description", "priority", "labels")


class InvalidTitle(Refused):
    code = "invalid"
    api_status = 400


class ForeignLabel(Refused):
    code = "foreign_label"
    api_status = 400


def edit(task: Task, *, by: User, version: int | None = None, **changes: Any) -> Task:
    """Set some of FIELDS and log `task.edited`; nothing is logged when nothing differs.

    `version` is the one the editor saw. Raises Conflict, with the present values, when one of
    the same fields has changed since; InvalidTitle; ForeignLabel.
    """
    with locked_for_change(task.project_id, task, by=by, needs=Action.WRITE) as project:
        if "title" in changes and (fault := title_fault(changes["title"])):
            raise InvalidTitle(fault)
        if any(label.project_id != project.pk for label in changes.get("labels", ())):
            raise ForeignLabel(_("That belongs to another project."))
        if version is not None and (clash := _changed_since(task, version) & set(changes)):
            raise Conflict(
                _("Someone else changed this at the same time."),
                version=task.version,
                current={field: _value(task, field) for field in sorted(clash)},
            )
        fields = [field for field, value in changes.items() if not _has_value(task, field, value)]
        if not fields:
            return task
        if "labels" in fields:
            task.labels.set(changes["labels"])
        columns = [field for field in fields if field != "labels"]
        for field in columns:
            setattr(task, field, changes[field])
        task.version += 1
        task.save(update_fields=[*columns, "version", "updated_at"])
        events.record(project, "task.edited", by=by, task=task.pk, fields=fields, version=task.version)
        return task


def _changed_since(task: Task, version: int) -> set[str]:
    edits = Event.objects.filter(task_id=task.pk, kind="task.edited", payload__version__gt=version)
    return {field for fields in edits.values_list("payload__fields", flat=True) for field in fields}


def _value(task: Task, field: str) -> Any:
    return [label.pk for label in task.labels.all()] if field == "labels" else getattr(task, field)


def _has_value(task: Task, field: str, value: Any) -> bool:
    if field == "labels":
        return {label.pk for label in value} == set(_value(task, field))
    return bool(getattr(task, field) == value)
