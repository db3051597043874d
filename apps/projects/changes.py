"""Lock, refresh, check: how every change of a project begins."""

import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from django.core.exceptions import ObjectDoesNotExist
from django.db import transaction
from django.db.models import Model
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import permissions
from apps.projects.events import log
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.sql.late_rows import written_at_end
from apps.sql.refresh import read_anew


class RowGone(Refused):
    """Found before the lock, deleted by the time it was had."""

    code = "gone"
    page_status = api_status = 410


@contextmanager
def locked_for_change(
    project: Project | int, *rows: Model, by: User | None = None, needs: Action | None = None
) -> Iterator[Project]:
    """A transaction under the lock of `project` (or of the one with that id), in which `rows` are as they are now.

        with locked_for_change(task.project_id, task, by=by, needs=Action.WRITE) as project:
            task.column = to
            task.save(update_fields=["column"])
            events.record(project, "task.moved", by=by, task=task.pk)

    Locks first, then reads each of `rows` anew in place (with what its manager's `for_change` brings
    along, where it has one) and asks whether `by` may do what it `needs`; the body checks the rule,
    changes and records. One statement each for the lock and a row; the right needs one of its own only
    without rows. `by` is None when the board itself acts, which is always allowed; without `needs`
    nobody is asked. One action may call another: the lock is held by then, and the inner one belongs to
    the outer one's transaction. Who catches what the inner one raises, and goes on, undoes it with an
    `atomic()` of its own. Events and audit entries are written when the outermost block ends, all by
    one statement: until then they have no number, and no query finds them. Raises NotAllowed, and
    RowGone for a row that somebody has deleted meanwhile.
    """
    pk = project if isinstance(project, int) else project.pk
    if held := _held.projects.get(pk):
        with transaction.atomic(savepoint=False):
            _look_again(held, rows, by, needs)
            yield held
        return
    with transaction.atomic(), written_at_end(log.write_at_end):
        locked = _held.projects[pk] = Project.objects.locked(pk)
        try:
            _look_again(locked, rows, by, needs)
            yield locked
        finally:
            del _held.projects[pk]


class _Held(threading.local):
    """The projects that this thread has locked in its transaction, by primary key."""

    def __init__(self) -> None:
        self.projects: dict[int, Project] = {}


_held = _Held()


def _look_again(project: Project, rows: Iterable[Model], by: User | None, needs: Action | None) -> None:
    """What may have changed before the lock was had. With rows, the right is asked by the statement of the last."""
    roles = [_read_anew(row, project, by) for row in rows]
    if by is not None and needs is not None:
        permissions.require_reach(by, needs)
        permissions.require_role(roles[-1] if roles else permissions.role_of(by, project), needs)


def _read_anew(row: Model, project: Project, by: User | None) -> str | None:
    """And which role `by` has in `project` at that moment, by the same statement."""
    user = by.pk if by and by.is_active else 0
    try:
        role: str | None = read_anew(row, permissions.role_expression, project=project.pk, user=user)
    except ObjectDoesNotExist as error:
        raise RowGone(_("This was deleted in the meantime.")) from error
    if getattr(row, "project_id", None) == project.pk:
        setattr(row, "project", project)  # noqa: B010 - a field of these models, not of every model
    return role
