"""Whatever makes a run's result worthless here ends it at its gateway, too: each way, in one place (stops)."""

from datetime import timedelta
from uuid import uuid4

import httpx
import pytest
from django.contrib.admin.sites import site
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone

from apps.agents import jobs
from apps.agents.gateways import practice
from apps.agents.models import Agent, Gateway, Run, StopRequest
from apps.agents.runs import dispatch, lifecycle, stops
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.callbacks import reconcile, results
from apps.agents.tests.factories import agent_in, run_of
from apps.chat.models import Message
from apps.chat.rooms import rooms
from apps.chat.tests.factories import message_in, room_of
from apps.projects.models import Project
from apps.tasks.actions.assign import assign
from apps.tasks.models import Task

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-14")]
Status, State, Reason = Run.Status, StopRequest.State, StopRequest.Reason


@pytest.fixture
def working(scribe, ana, gateway):
    """A run that the gateway has."""
    run = run_of(scribe, ana)
    run.refresh_from_db()
    assert run.status == Status.RUNNING
    return run


@pytest.fixture
def answering(board, scribe, ana, mai, gateway):
    """A run that answers a message in a room of its own."""
    room_of(board)
    room = rooms.create(board, name="Quay", by=mai)
    return message_in(room, ana, f"@{scribe.slug} look").runs.get()


def unreachable(gateway) -> None:
    def fail(request):
        raise httpx.ConnectError("no route", request=request)

    gateway.stop_answer = fail


def ask_again(run_key) -> None:
    StopRequest.objects.filter(run_key=run_key).update(ask_at=timezone.now() - timedelta(seconds=1))
    jobs.repeat_stops()
    stops.ask(run_key)


@transaction.atomic
def delete_project(run: Run) -> None:
    Task.objects.filter(project=run.project_id).delete()  # columns protect them
    Project.objects.get(pk=run.project_id).delete()


@transaction.atomic
def delete_projects_at_once(run: Run) -> None:
    Task.objects.all().delete()
    Project.objects.all().delete()


def delete_task(run: Run) -> None:
    Task.objects.get(pk=run.task_id).delete()


def delete_run(run: Run) -> None:
    Run.objects.filter(pk=run.pk).delete()


@pytest.mark.parametrize("delete", [delete_project, delete_projects_at_once, delete_task, delete_run])
@pytest.mark.parametrize("status", [Status.RUNNING, Status.UNCERTAIN, Status.QUEUED, Status.SENDING])
def test_run_that_is_deleted_is_stopped_at_its_gateway(working, gateway, delete, status):
    lease = {"lease_until": timezone.now(), "leased_by": "w"} if status == Status.SENDING else {}
    Run.objects.filter(pk=working.pk).update(status=status, **lease)
    delete(working)
    assert not Run.objects.exists()
    assert gateway.stops == [str(working.pk)]
    assert StopRequest.objects.get().state == State.STOPPED
    stops.forget()
    assert not StopRequest.objects.exists()


@pytest.mark.parametrize("what", ["message", "room", "project"])
def test_run_whose_message_is_deleted_is_stopped(answering, gateway, what):
    message = Message.objects.get(pk=answering.message_id)
    {"message": message, "room": message.room, "project": answering.project}[what].delete()
    assert gateway.stops == [str(answering.pk)]


def test_run_of_an_archived_room_is_stopped(answering, mai, gateway):
    rooms.archive(answering.message.room, by=mai)
    answering.refresh_from_db()
    assert (answering.status, answering.cause, gateway.stops) == (
        Status.CANCELLED,
        "room_archived",
        [str(answering.pk)],
    )


@pytest.mark.queue_off
def test_run_that_was_never_sent_is_deleted_without_a_word(scribe, ana, gateway):
    delete_project(run_of(scribe, ana))
    assert not StopRequest.objects.exists()


def test_run_that_has_ended_is_deleted_without_a_word(working, gateway):
    finished(working)
    delete_project(working)
    assert not StopRequest.objects.exists()


@pytest.mark.queue_off
def test_run_that_is_claimed_while_its_project_is_deleted_is_stopped(scribe, ana):
    stale = run_of(scribe, ana)
    dispatch.claim_next(scribe.pk, "worker")
    assert stale.status == Status.QUEUED  # as who deletes has read it
    stops.on_run_deleted(Run, stale)
    assert StopRequest.objects.get().run_key == stale.pk


def test_stop_of_a_deleted_run_is_repeated_until_it_is_known(working, gateway):
    unreachable(gateway)
    delete_project(working)
    assert (StopRequest.objects.get().state, StopRequest.objects.get().reason) == (
        State.UNCONFIRMED,
        Reason.UNREACHABLE,
    )
    ask_again(working.pk)
    stops.forget()
    assert stops.asked_of(working.gateway) == [str(working.pk)]
    gateway.stop_answer = lambda request: httpx.Response(200, json={"result": "stopped"})
    ask_again(working.pk)
    assert StopRequest.objects.get().state == State.STOPPED


def test_stop_of_a_deleted_run_is_known_by_the_report_of_its_end(working, gateway):
    unreachable(gateway)
    delete_project(working)
    finished(working, "aborted")
    assert StopRequest.objects.get().state == State.STOPPED


def test_stop_of_a_deleted_run_is_forgotten_after_a_day(working, gateway):
    unreachable(gateway)
    delete_project(working)
    StopRequest.objects.update(requested_at=timezone.now() - timedelta(days=1, minutes=1))
    jobs.reconcile_runs()
    assert not StopRequest.objects.exists()


def test_stop_outlives_a_task_that_is_deleted_after_it(working, ana, gateway):
    unreachable(gateway)
    cancel(working, by=ana)
    delete_task(working)
    assert stops.asked_of(working.gateway) == [str(working.pk)]


@pytest.mark.parametrize("status", [Status.RUNNING, Status.UNCERTAIN, Status.QUEUED])
def test_run_of_a_gateway_that_is_switched_off_is_stopped_and_waits(working, gateway, status):
    """Reports from there are not taken, so nothing that comes of it would ever be seen."""
    Run.objects.filter(pk=working.pk).update(status=status)
    Gateway.objects.update(is_enabled=False)
    reconcile.stop_runs_of_disabled_gateways()
    working.refresh_from_db()
    again = Run.objects.get(attempt=2)
    assert (working.status, working.cause, gateway.stops) == (Status.CANCELLED, "gateway_off", [str(working.pk)])
    assert (again.status, again.queued_at) == (Status.QUEUED, working.queued_at)
    assert Task.objects.get().status_note["code"] == "gateway_disabled"
    reconcile.stop_runs_of_disabled_gateways()
    assert Run.objects.count() == 2
    Gateway.objects.update(is_enabled=True)
    jobs.work_through(str(again.agent_id))
    again.refresh_from_db()
    assert again.status == Status.RUNNING


def test_run_at_the_practice_gateway_ends_with_it(working, gateway):
    Gateway.objects.update(is_practice=True)
    practice.retire(by=None)
    jobs.reconcile_runs()
    working.refresh_from_db()
    assert (working.status, gateway.stops) == (Status.CANCELLED, [])
    assert StopRequest.objects.get().reason == Reason.NO_GATEWAY


def test_run_of_an_agent_that_is_switched_off_goes_on(working, gateway):
    """It is given nothing new; what it brings is taken."""
    Agent.objects.update(is_enabled=False)
    jobs.reconcile_runs()
    finished(working, "ok")
    working.refresh_from_db()
    assert (working.status, gateway.stops) == (Status.SUCCEEDED, [])


def test_gateway_that_is_at_work_can_not_be_deleted(working, ana, gateway, admin_user):
    asked = RequestFactory().get("/")
    asked.user = admin_user
    row, admin = working.gateway, site.get_model_admin(Gateway)
    assert not admin.has_delete_permission(asked, row)
    unreachable(gateway)
    cancel(working, by=ana)
    assert not admin.has_delete_permission(asked, row)
    StopRequest.objects.update(state=State.STOPPED, reason="")
    assert admin.has_delete_permission(asked, row)


def out_of_time(run: Run) -> None:
    lifecycle.close(run, Status.TIMED_OUT, by=None)


def by_retry(run: Run, ana) -> None:
    retry(run, by=ana)


def by_another_agent(run: Run, ana) -> None:
    assign(run.task, to=agent_in(run.project, "Mason").user, by=ana)


@pytest.mark.parametrize("replace", [by_retry, by_another_agent])
def test_attempt_that_ran_out_of_time_is_stopped_when_another_takes_its_place(working, ana, gateway, replace):
    """Nobody reported its end; what it still brings would be worth nothing."""
    out_of_time(working)
    assert gateway.stops == []
    replace(working, ana)
    assert gateway.stops == [str(working.pk)]
    newer = Run.objects.get(attempt=2)
    assert newer.status == Status.RUNNING
    assert Task.objects.get(pk=working.task_id).status_note["run"] == str(newer.pk)


def test_attempt_that_ran_out_of_time_holds_nothing_up(working, ana, gateway):
    unreachable(gateway)
    out_of_time(working)
    newer = retry(working, by=ana)
    newer.refresh_from_db()
    assert newer.status == Status.RUNNING
    ask_again(working.pk)
    assert Task.objects.get(pk=working.task_id).status_note["run"] == str(newer.pk)


def test_attempt_whose_time_limit_was_reported_needs_no_stop(working, ana, gateway):
    finished(working, "timeout")
    retry(working, by=ana)
    assert gateway.stops == []


def finished(run: Run, status: str = "ok") -> None:
    about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key, "status": status}
    results.receive(run.gateway, str(uuid4()), "run.finished", about)
