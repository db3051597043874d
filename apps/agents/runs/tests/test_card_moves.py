"""One rule for Done: a run's change moves its card, and a result that waits is taken to Done by a person alone."""

from uuid import uuid4

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.tests.programs import Program
from apps.agents.models import Run
from apps.agents.runs import lifecycle, queue, stops
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.retry import retry
from apps.agents.runs.actions.review import accept, request_changes
from apps.agents.runs.callbacks import results
from apps.agents.runs.states import Review, Status
from apps.agents.tests.factories import agent_in, run_of
from apps.errors import NotAllowed
from apps.projects import events
from apps.projects.models import Event, PullRequest
from apps.projects.tests.factories import MembershipFactory, RepositoryFactory
from apps.tasks import status_notes
from apps.tasks.actions.assign import assign
from apps.tasks.actions.move import move
from apps.tasks.code import links
from apps.tasks.models import Task
from apps.tasks.open_subtasks import OpenSubtasks
from apps.tasks.tests.factories import ColumnFactory, task_in

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.req("FLT-16")]


@pytest.fixture
def run(scribe, ana):
    """It works."""
    run = run_of(scribe, ana)
    Run.objects.filter(pk=run.pk).update(first_sent_at=timezone.now())
    lifecycle.begin(run)
    return Run.objects.with_related().get(pk=run.pk)


@pytest.fixture
def waiting(run):
    """Its result waits for a person."""
    finish(run)
    run.refresh_from_db()
    assert (category_of(run), run.review) == ("review", Review.WAITING)
    return run


@pytest.fixture
def service(board):
    account = User.objects.create_service_account(username="deployer", name="Deployer")
    MembershipFactory(project=board, user=account)
    return account


def finish(run: Run, status: str = "ok") -> str:
    body = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key, "status": status, "text": "Done."}
    return results.receive(run.agent.gateway, str(uuid4()), "run.finished", body).outcome


def category_of(run: Run) -> str:
    return Task.objects.get(pk=run.task_id).column.category


def sentence_of(run: Run) -> str:
    note = Task.objects.get(pk=run.task_id).status_note
    return status_notes.sentence_of(note) if note else ""


def is_waiting(run: Run) -> bool:
    run.refresh_from_db()
    return run.review == Review.WAITING


# Who finishes a task whose result waits


def test_move_to_done_by_a_person_accepts_the_result(waiting, ana, columns):
    move(waiting.task, to=columns["done"], by=ana)
    waiting.refresh_from_db()
    assert (waiting.review, category_of(waiting), sentence_of(waiting)) == (Review.ACCEPTED, "done", "")
    assert Event.objects.get(kind="run.accepted").actor == ana


def test_move_to_done_at_every_door_of_a_person_accepts(waiting, ana, client, columns):
    client.force_login(ana)
    answer = client.post(f"{waiting.task.get_absolute_url()}move/", {"to": columns["done"].pk})
    assert answer.status_code == 302
    assert not is_waiting(waiting)


def test_move_to_any_done_column_accepts(waiting, ana, board):
    move(waiting.task, to=ColumnFactory(project=board, category="done", position=9), by=ana)
    assert not is_waiting(waiting)


@pytest.mark.parametrize("where", ["backlog", "ready", "doing"])
def test_move_to_done_from_elsewhere_accepts_too(waiting, ana, columns, where):
    move(waiting.task, to=columns[where], by=ana)
    assert is_waiting(waiting)
    move(waiting.task, to=columns["done"], by=ana)
    assert not is_waiting(waiting)


def test_move_to_done_with_open_subtasks_asks_before_it_accepts(waiting, ana, columns):
    task_in(columns["ready"], "Part", parent=waiting.task)
    with pytest.raises(OpenSubtasks):
        move(waiting.task, to=columns["done"], by=ana)
    assert is_waiting(waiting)
    move(waiting.task, to=columns["done"], by=ana, anyway=True)
    assert not is_waiting(waiting)


@pytest.mark.parametrize("scope", ["read", "write"])
def test_move_to_done_by_a_token_that_directs_no_agents_is_refused(waiting, ana, columns, scope):
    answer = Program(ana, scope).post(f"tasks/{waiting.task_id}/move/", {"to": columns["done"].pk})
    assert (answer.status_code, category_of(waiting), is_waiting(waiting)) == (403, "review", True)


def test_move_to_done_by_a_token_that_directs_agents_accepts(waiting, ana, columns):
    answer = Program(ana).post(f"tasks/{waiting.task_id}/move/", {"to": columns["done"].pk})
    assert (answer.status_code, is_waiting(waiting)) == (200, False)


@pytest.mark.parametrize("scope", ["write", "agents"])
@pytest.mark.parametrize("door", ["move", "accept", "request-changes"])
def test_service_account_decides_on_no_result(waiting, service, columns, scope, door):
    program = Program(service, scope)
    answer = {
        "move": lambda: program.post(f"tasks/{waiting.task_id}/move/", {"to": columns["done"].pk}),
        "accept": lambda: program.post(f"runs/{waiting.pk}/accept/"),
        "request-changes": lambda: program.post(f"runs/{waiting.pk}/request-changes/", {"note": "More."}),
    }[door]()
    assert (answer.status_code, category_of(waiting), is_waiting(waiting)) == (403, "review", True)
    assert not Event.objects.filter(kind__in=["run.accepted", "run.changes_requested"]).exists()


def test_service_account_finishes_what_nobody_has_to_accept(service, columns):
    task = task_in(columns["review"], "No agent")
    answer = Program(service, "write").post(f"tasks/{task.pk}/move/", {"to": columns["done"].pk})
    assert answer.status_code == 200


def test_agent_takes_no_result_to_done(waiting, scribe, columns):
    with pytest.raises(NotAllowed):
        move(waiting.task, to=columns["done"], by=scribe.user, as_board=True)
    assert is_waiting(waiting)


def test_merged_pull_request_leaves_a_waiting_result_in_review(waiting, ana, board):
    repository = RepositoryFactory(project=board)
    pull_request = PullRequest.objects.create(
        repository=repository,
        number=1,
        title=f"[{waiting.task.key}]",
        state="merged",
        head_branch="x",
        base_branch="main",
        updated_at=timezone.now(),
    )
    about = {"repository": repository.pk, "request": pull_request.pk}
    links.on_pull_request(events.record(board, "code.request", by=None, **about))
    assert (category_of(waiting), is_waiting(waiting)) == ("review", True)
    assert Event.objects.get(kind="task.kept_for_review").payload["reason"]["code"] == "merged"
    accept(waiting, by=ana)
    assert (category_of(waiting), is_waiting(waiting)) == ("done", False)


# What a run's change does to its card


@pytest.mark.parametrize("late", [False, True])
def test_result_leaves_a_finished_card_in_done(run, ana, columns, late):
    move(run.task, to=columns["done"], by=ana)
    if late:
        lifecycle.close(run, Status.TIMED_OUT, by=None)
    assert finish(run) == "applied"
    run.refresh_from_db()
    assert (category_of(run), run.status, run.review, sentence_of(run)) == ("done", "succeeded", Review.NONE, "")
    assert run.task.comments.get().text == "Done."


def test_result_leaves_a_card_in_the_review_column_it_is_in(run, ana, board):
    second = ColumnFactory(project=board, category="review", position=9)
    move(run.task, to=second, by=ana)
    finish(run)
    assert Task.objects.get().column == second


def test_request_changes_takes_the_card_back_to_work(waiting, ana):
    second = request_changes(waiting, note="More.", by=ana)
    assert category_of(waiting) == "doing"
    assert Event.objects.filter(kind="task.moved").latest("seq").actor == ana
    lifecycle.begin(second)
    finish_sent(second)
    assert (category_of(second), is_waiting(second), is_waiting(waiting)) == ("review", True, False)


def finish_sent(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(first_sent_at=timezone.now())
    assert finish(run) == "applied"


@pytest.mark.parametrize("where", ["review", "done"])
def test_asking_an_agent_again_takes_the_card_back_to_work(run, ana, columns, where):
    cancel(run, by=ana)
    move(run.task, to=columns[where], by=ana)
    retry(run, by=ana)
    assert category_of(run) == "doing"


def test_asking_another_agent_sets_the_waiting_result_aside(waiting, ana, board):
    other = agent_in(board, "Other")
    assign(waiting.task, to=other.user, by=ana)
    assert (category_of(waiting), is_waiting(waiting)) == ("doing", False)


@pytest.mark.parametrize("where", ["backlog", "ready", "review"])
def test_start_takes_the_card_to_where_work_is_done(scribe, ana, columns, where):
    run = run_of(scribe, ana)
    move(run.task, to=columns[where], by=ana)
    lifecycle.begin(run)
    assert category_of(run) == "doing"


def test_start_leaves_a_card_that_somebody_has_finished(scribe, ana, columns):
    run = run_of(scribe, ana)
    move(run.task, to=columns["done"], by=ana)
    lifecycle.begin(run)
    assert category_of(run) == "done"


def test_stopped_run_says_on_its_card_who_stopped_it(run, ana):
    cancel(run, by=ana)
    assert sentence_of(run) == "Stopping Scribe…"
    stops.confirm(Run.objects.with_related().get(pk=run.pk))  # its gateway has stopped it
    note = Task.objects.get().status_note
    assert (category_of(run), note["state"], sentence_of(run)) == ("doing", "stopped", f"{ana} stopped Scribe.")


def test_unassigned_run_says_so_on_its_card(run, ana):
    assign(run.task, to=None, by=ana)
    stops.confirm(Run.objects.with_related().get(pk=run.pk))
    assert sentence_of(run).endswith("The task was unassigned.")


def test_card_given_to_a_person_has_no_note_of_the_former_agent(run, ana, ben):
    assign(run.task, to=ben, by=ana)
    assert sentence_of(run) == ""


@pytest.mark.parametrize("status", [Status.FAILED, Status.TIMED_OUT, Status.CANCELLED])
def test_ended_run_has_a_sentence_until_its_card_is_done(run, ana, columns, status):
    lifecycle.close(run, status, by=None)
    assert sentence_of(run) != ""
    move(run.task, to=columns["done"], by=ana)
    assert sentence_of(run) == ""


def test_start_again_replaces_the_sentence_of_a_stop(run, ana, scribe):
    cancel(run, by=ana)
    queue.assign_now(scribe, run.task, by=ana)
    assert Task.objects.get().status_note["state"] == "queued"
