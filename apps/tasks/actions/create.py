"""Creating tasks, and the columns that a new project starts with."""

from collections.abc import Iterable
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps import names
from apps.accounts.models import Hue, User
from apps.errors import Refused
from apps.lazy_text import LazyText
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Event, Project
from apps.projects.permissions import Action
from apps.sql.compiled import compiled
from apps.sql.statements import Statement
from apps.tasks.actions.assign import assign_new
from apps.tasks.board import ranks
from apps.tasks.models import Category, Column, Label, Task
from apps.tasks.open_subtasks import ask_before_create

DEFAULT_COLUMNS = [
    (Category.BACKLOG, Hue.STONE),
    (Category.READY, Hue.OCHRE),
    (Category.DOING, Hue.INK),
    (Category.REVIEW, Hue.LEAF),
    (Category.DONE, Hue.STONE),
]


class InvalidTask(Refused):
    code = "invalid"
    page_status = 422
    api_status = 400


def create(
    project: Project,
    *,
    title: str,
    by: User | None,
    column: Column | None = None,
    description: str = "",
    priority: int = Task.Priority.NORMAL,
    assignee: User | None = None,
    parent: Task | None = None,
    labels: Iterable[Label] = (),
    anyway: bool = False,
) -> Task:
    """Put a new task at the end of `column` (else the first one) and log `task.created`.

    Raises InvalidTask when the column, parent or a label is another project's, or the title is none; DoneParent when
    the parent is done and the task is not, and `anyway` does not say that this is meant.
    """
    if fault := title_fault(title):
        raise InvalidTask(fault)
    labels = list(labels)
    with locked_for_change(project, by=by, needs=Action.WRITE) as project:
        column = column or Column.objects.of(project)[0]  # a project has one, always
        if {owned.project_id for owned in (column, parent, *labels) if owned} != {project.pk}:
            raise InvalidTask(_("That belongs to another project."))
        if parent and not anyway:
            ask_before_create(parent, column)
        task = Task(
            project=project,
            column=column,
            rank=ranks.between(_last_rank.first(column=column.pk) or ""),
            title=title.strip(),
            description=description,
            priority=priority,
            parent=parent,
            created_by=by,
        )
        _insert(task, labels)
        parents = [parent.pk] if parent else []
        events.record(project, "task.created", by=by, task=task.pk, columns=[column.pk], tasks=parents)
        if assignee:
            assign_new(task, project, to=assignee, by=by)
        return task


class Created(NamedTuple):
    """What the database gives a task."""

    id: int
    number: int


_GIVEN = [field for field in Task._meta.concrete_fields if field.attname not in Created._fields]
_INSERT = Statement(
    Created,
    f"""
    WITH numbered AS (UPDATE projects_project SET last_number = last_number + 1 WHERE id = %(project_id)s
                      RETURNING last_number),
         created AS (INSERT INTO tasks_task (number, {", ".join(field.attname for field in _GIVEN)})
                     SELECT last_number, {", ".join(f"%({field.attname})s" for field in _GIVEN)} FROM numbered
                     RETURNING id, number),
         labelled AS (INSERT INTO tasks_task_labels (task_id, label_id)
                      SELECT id, unnest(%(labels)s::bigint[]) FROM created)
    SELECT id, number FROM created""",  # noqa: S608 - the names are those of the model's columns
)


def _insert(task: Task, labels: Iterable[Label]) -> None:
    """Number and insert it with its labels by one statement, under the project's lock."""
    values = {field.attname: field.get_db_prep_save(field.pre_save(task, True), connection) for field in _GIVEN}
    task.pk, task.number = _INSERT.one(labels=list({label.pk for label in labels}), **values)
    task._state.adding, task._state.db = False, connection.alias
    task.project.last_number = task.number


@compiled
def _last_rank(column: int) -> QuerySet[Task, str]:
    return Task.objects.filter(column=column).order_by("-rank").values_list("rank", flat=True)[:1]


def title_fault(title: str) -> LazyText | None:
    """The sentence about what a title may not have, None when it is well."""
    return names.fault_of(title.strip()) if title.strip() else _("A task needs a title.")


def create_default_columns(project: Project) -> None:
    """Give a new project its five columns, named in the language that is active."""
    Column.objects.bulk_create(
        Column(
            project=project,
            name=str(category.label).capitalize(),
            category=category,
            hue=hue,
            position=position,
        )
        for position, (category, hue) in enumerate(DEFAULT_COLUMNS)
    )


def on_project_created(event: Event) -> None:
    create_default_columns(event.project)
