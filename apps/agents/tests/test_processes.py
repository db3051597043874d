"""Workers, broker and beat: whoever falls silent is named on cards, in the admin, by the doctor and at /readyz."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace

import pytest
from celery.signals import task_received
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django.urls import reverse
from django.utils import timezone, translation

from apps.agents import processes
from apps.agents.models import Heartbeat
from apps.agents.runs import dispatch
from apps.agents.runs.actions.pause import pause
from apps.agents.tests.factories import run_of
from apps.chat.tests.factories import room_of
from apps.projects.models import Event
from apps.projects.tests.factories import UserFactory
from apps.tasks import status_notes
from teamboard.observability import worker_watch
from teamboard.worker import heartbeat

pytestmark = [pytest.mark.django_db, pytest.mark.queue_off, pytest.mark.heartbeats, pytest.mark.req("FLT-17")]
PARTS = [processes.WORKER, processes.BROKER, processes.BEAT]


def be_alive(*parts: str) -> None:
    Heartbeat.objects.all().delete()
    processes.note_alive(*parts)


def fall_silent(part: str) -> None:
    be_alive(*PARTS)
    Heartbeat.objects.filter(part=part).update(at=timezone.now() - processes.SILENT_AFTER)


def said(run) -> str:
    run.task.refresh_from_db()
    return run.task.status_note["code"]


def test_silence_is_said_within_twenty_seconds():
    assert processes.SILENT_AFTER.total_seconds() > 2 * processes.EVERY
    assert processes.SILENT_AFTER.total_seconds() + processes.KEPT_SECONDS + worker_watch.EVERY < 20


def test_nothing_is_silent_while_all_are_alive(client):
    be_alive(*PARTS)
    assert processes.silent() == ()
    assert client.get("/readyz").json() == {"status": "ok"}


@pytest.mark.parametrize("part", PARTS)
def test_readyz_says_which_part_is_silent(client, part):
    fall_silent(part)
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()) == (
        200,
        {"status": "degraded", "reasons": [str(processes.SENTENCES[part])]},
    )


@pytest.mark.parametrize("part", PARTS)
def test_doctor_says_which_part_is_silent(part):
    fall_silent(part)
    out = StringIO()
    with pytest.raises(CommandError, match=r"docs/operating\.md"):
        call_command("doctor", "operating", stdout=out)
    assert f"WRONG  {processes.SENTENCES[part]}" in out.getvalue()
    be_alive(*PARTS)
    call_command("doctor", "operating", stdout=out)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("page", ["agents_agent", "agents_gateway"])
def test_admin_says_which_part_is_silent(client, part, page):
    fall_silent(part)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    assert str(processes.SENTENCES[part]) in client.get(reverse(f"admin:{page}_changelist")).content.decode()


@pytest.mark.parametrize("part", PARTS)
def test_new_card_says_which_part_is_silent(scribe, ana, part):
    fall_silent(part)
    run = run_of(scribe, ana)
    assert said(run) == f"no_{part}"
    for language in ("en", "ru"):
        with translation.override(language):
            assert "Scribe" in status_notes.sentence_of(run.task.status_note)


def test_cards_say_that_the_last_worker_has_died_and_that_one_is_back(scribe, ana):
    be_alive(*PARTS)
    first, second = run_of(scribe, ana, "First"), run_of(scribe, ana, "Second")
    assert (said(first), said(second)) == ("starting", "starting")
    fall_silent(processes.WORKER)
    worker_watch.look()
    assert (said(first), said(second)) == ("no_worker", "no_worker")
    told = Event.objects.count()
    worker_watch.look()
    assert Event.objects.count() == told
    be_alive(*PARTS)
    dispatch.lifecycle.show_sending(dispatch.claim_next(scribe.pk, "worker").run)
    assert said(first) == "starting"


def test_worker_that_lives_says_the_rest_itself(scribe, ana):
    be_alive(processes.WORKER)
    run = run_of(scribe, ana)
    run.task.status_note = None
    run.task.save(update_fields=["status_note"])
    worker_watch.look()
    run.task.refresh_from_db()
    assert run.task.status_note is None


def test_what_somebody_has_paused_says_so_also_without_a_worker(board, scribe, mai, ana):
    room_of(board)
    be_alive(*PARTS)
    run = run_of(scribe, ana)
    fall_silent(processes.WORKER)
    pause(board, by=mai)
    worker_watch.look()
    assert said(run) == "paused"


def test_worker_writes_what_it_hears_of():
    heartbeat.write()
    assert set(Heartbeat.objects.values_list("part", flat=True)) == {processes.WORKER, processes.BROKER}
    task_received.send(None, request=SimpleNamespace(name="apps.agents.jobs.work_through"))
    heartbeat.write()
    assert not Heartbeat.objects.filter(part=processes.BEAT).exists()
    task_received.send(None, request=SimpleNamespace(name="apps.agents.jobs.start_due_runs"))
    heartbeat.write()
    assert processes.read_silent() == ()


def test_worker_hears_of_no_broker_that_is_gone(settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"
    heartbeat.write()
    assert processes.read_silent() == (processes.BROKER,)


@pytest.fixture
def hung() -> Iterator[str]:
    """The address of what is connected to and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield "{}:{}".format(*listener.getsockname())


@pytest.mark.parametrize("address", ["{ours}", "memory://", "redis://127.0.0.1:1;{ours}", "{ours};redis://{hung}"])
def test_worker_hears_of_a_broker_of_any_kind(settings, hung, address):
    settings.CELERY_BROKER_URL = address.format(ours=settings.CELERY_BROKER_URL, hung=hung)
    heartbeat.write()
    assert processes.read_silent() == (processes.BEAT,)


@pytest.mark.parametrize(
    "address",
    [
        "redis://{hung}",
        "amqp://{hung}//",
        "amqp://127.0.0.1:1//",
        "redis://127.0.0.1:1;redis://127.0.0.1:2",
        "redis://{hung};redis://{hung};redis://{hung};redis://{hung}",
        "unheard-of://127.0.0.1",
    ],
)
def test_worker_is_alive_whatever_its_broker_is(settings, hung, address):
    settings.CELERY_BROKER_URL = address.format(hung=hung)
    started = time.monotonic()
    heartbeat.write()
    assert time.monotonic() - started < (processes.SILENT_AFTER - timedelta(seconds=processes.EVERY)).total_seconds()
    assert processes.read_silent() == (processes.BROKER,)


def test_heartbeats_go_on_after_one_that_fails(monkeypatch, caplog):
    stopping, written = threading.Event(), []

    def write() -> None:
        written.append(1)
        if len(written) == 1:
            raise ValueError("what nobody has thought of")
        stopping.set()

    monkeypatch.setattr(heartbeat, "_stopping", stopping)
    monkeypatch.setattr(heartbeat, "write", write)
    monkeypatch.setattr(heartbeat, "close_old_connections", lambda: None)
    monkeypatch.setattr(processes, "EVERY", 0.0)
    heartbeat._write_always()
    assert len(written) == 2
    assert "A heartbeat could not be written" in caplog.text


@pytest.mark.parametrize("hours", [-1, 1])
def test_heartbeat_is_judged_by_the_clock_of_the_database(monkeypatch, hours):
    ours = timezone.now() + timedelta(hours=hours)
    monkeypatch.setattr(timezone, "now", lambda: ours)
    be_alive(*PARTS)
    assert processes.read_silent() == ()
    Heartbeat.objects.update(at=Now() - processes.SILENT_AFTER)
    assert processes.read_silent() == (processes.WORKER,)
