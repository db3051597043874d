"""Every verb happens whole or not at all, at whatever statement the process dies."""

from collections.abc import Callable
from itertools import count
from types import SimpleNamespace

import pytest
from django.db import connection

from apps.agents.models import Run
from apps.agents.runs import dispatch, queue
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.review import accept, request_changes
from apps.agents.runs.callbacks import results
from apps.agents.tests.factories import run_of
from apps.projects.actions.create import create
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.create import create as create_task
from apps.tasks.actions.edit import edit
from apps.tasks.actions.move import move
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.req("I3"), pytest.mark.queue_off]
FINISHED = {"event": "run.finished", "id": "1", "status": "ok", "text": "Done.", "usage": {"input": 1, "output": 2}}


class Killed(BaseException):
    """As final as SIGKILL for our code, which catches Exception at the most."""


@pytest.fixture
def case(columns, scribe, ana, ben, gateway) -> SimpleNamespace:
    """One task of every kind that a verb may meet."""
    reviewed = run_of(scribe, ana, "Reviewed")
    dispatch.start_next(scribe.pk, "worker")
    results.receive(scribe.gateway, "0", "run.finished", FINISHED | about(reviewed))
    running = run_of(scribe, ana, "Running")
    dispatch.start_next(scribe.pk, "worker")
    for run in (reviewed, running):
        run.refresh_from_db()
    idle = task_in(columns["ready"], "Idle")
    return SimpleNamespace(ana=ana, scribe=scribe, columns=columns, idle=idle, running=running, reviewed=reviewed)


def about(run: Run) -> dict[str, str]:
    return {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key}


def finish(case: SimpleNamespace) -> None:
    results.receive(case.scribe.gateway, "1", "run.finished", FINISHED | about(case.running))


VERBS: dict[str, Callable[[SimpleNamespace], object]] = {
    "create a project": lambda case: create(name="New", key="NEW", by=case.ana),
    "create": lambda case: create_task(case.idle.project, title="New", column=case.columns["ready"], by=case.ana),
    "edit": lambda case: edit(case.idle, by=case.ana, title="Other", description="Text."),
    "move": lambda case: move(case.idle, to=case.columns["doing"], by=case.ana),
    "comment": lambda case: comment(case.idle, text="Look.", by=case.ana),
    "assign": lambda case: assign(case.idle, to=case.scribe.user, by=case.ana),
    "assign now": lambda case: queue.assign_now(case.scribe, case.idle, by=case.ana),
    "cancel": lambda case: cancel(case.running, by=case.ana),
    "finish": finish,
    "accept": lambda case: accept(case.reviewed, by=case.ana),
    "request changes": lambda case: request_changes(case.reviewed, note="More.", by=case.ana),
}


@pytest.mark.parametrize("verb", VERBS)
def test_actions_leave_nothing_behind_when_they_die_halfway(case, verb):
    before = everything()
    for number in count(1):
        with connection.execute_wrapper(dying_at(number)):
            try:
                VERBS[verb](case)
            except Killed:
                died = True
            else:
                died = False
        if not died:
            break
        assert everything() == before, f"statement {number}"
    assert number > 3
    assert everything() != before


def dying_at(number: int) -> Callable:
    """A process that is killed before its statement of this number."""
    made = count(1)

    def execute(run, sql, params, many, context):
        if next(made) == number:
            raise Killed
        return run(sql, params, many, context)

    return execute


def everything() -> dict[str, list[str]]:
    """All rows of all tables, as text."""
    with connection.cursor() as cursor:
        rows = {}
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t ORDER BY 1')
            rows[table] = [row[0] for row in cursor.fetchall()]
    return rows
