"""An old room and what happened since make the same room as a fresh load, for every action (as Zulip tests it)."""

import random
import re
from datetime import timedelta

import pytest
from django.utils import timezone

from apps.agents.conftest import gateway, scribe  # noqa: F401 - answered by a gateway that is not there
from apps.agents.models import Run
from apps.agents.runs import dispatch
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.callbacks import results
from apps.chat.messages import (
    history,
    parse,
    reactions,
    render,
)
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.messages.actions.post import post_system_message
from apps.chat.models import Message, Room
from apps.chat.rooms import retention
from apps.chat.tests.factories import message_in
from apps.projects.realtime import frames as realtime_frames
from apps.projects.realtime.tests.test_feed import frame, in_database, open_socket  # noqa: F401
from apps.tasks.actions.edit import edit as edit_task
from apps.tasks.actions.move import move
from apps.tasks.models import Task
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


class OpenRoom:
    """What a browser keeps of a room: its messages in order, each with the version it was put at."""

    def __init__(self, room: Room) -> None:
        room.project.refresh_from_db()
        self.room, self.seq = room, room.project.last_seq
        self.messages = {f"message-{shown.pk}": shown.html for shown in history.page(room).messages}
        self.versions = dict.fromkeys(self.messages, self.seq)

    def apply(self, told: dict) -> None:
        for op in told["ops"]:
            if op["op"] == "chip":
                self.fill_chips(op)
            elif op["id"].startswith("message-") and self.versions.get(op["id"], -1) < told["seq"]:
                self.versions[op["id"]] = told["seq"]
                self.messages.pop(op["id"], None)
                if op["op"] == "put" and op["parent"] == f"room-{self.room.pk}":
                    self.messages[op["id"]] = op["html"]
        self.seq = max(self.seq, told["seq"])

    def fill_chips(self, op: dict) -> None:
        for pk, html in self.messages.items():
            self.messages[pk] = parse.CHIP.sub(lambda chip: f"{chip[1]}{said_now(chip, op)}</a>", html)

    @property
    def in_order(self) -> list[tuple[str, str]]:
        return sorted(self.messages.items(), key=lambda each: int(each[0].removeprefix("message-")))


def said_now(chip: re.Match, op: dict) -> str:
    return op["html"] if chip[2] == str(op["task"]) else chip[3]


@pytest.fixture
def actions(board, room, columns, ana, ben, scribe, gateway, mai):  # noqa: F811
    """What anybody can do to a room, on whatever stands in it."""
    tasks = [task_in(columns["ready"], f"Task {number}") for number in range(3)]
    chance = random.Random(5)

    def some(**which) -> Message:
        return chance.choice(
            list(Message.objects.not_deleted().filter(system_message__isnull=True, author__in=[ana, ben], **which))
        )

    def expire() -> None:
        oldest = Message.objects.earliest("pk").pk
        Message.objects.filter(pk=oldest).update(created_at=timezone.now() - timedelta(days=9))
        retention.delete_expired(board)

    def answer() -> None:
        run = Run.objects.busy().first() or dispatch.start_next(scribe.pk, "worker")
        if run:
            about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key}
            report = {**about, "status": "ok", "text": "It was quiet."}
            results.receive(scribe.gateway, f"event-{run.pk}", "run.finished", report)

    retention.set_days(board, days=5, by=mai)
    message_in(room, ana, f"First, about {tasks[0].key}.")
    return [
        lambda: message_in(room, chance.choice([ana, ben]), "Hello."),
        lambda: message_in(room, ben, f"See {chance.choice(tasks).key}.", reply_to=some()),
        lambda: edit(message := some(author=ana), text=f"{message.text} Or not.", by=ana),
        lambda: reactions.react(some(), emoji=chance.choice("👍🎉👀"), by=ben),
        lambda: reactions.unreact(some(), emoji="👍", by=ben),
        lambda: Message.objects.not_deleted().count() > 4 and delete(message := some(), by=message.author),
        lambda: move(fresh(chance.choice(tasks)), to=columns[chance.choice(["doing", "ready"])], by=ana),
        lambda: edit_task(fresh(chance.choice(tasks)), title=f"Task {chance.random():.3f}", by=ana),
        lambda: post_system_message(room, "retention.changed", actor=ana, name="Ana", days=5),
        lambda: Message.objects.not_deleted().count() > 4 and expire(),
        lambda: message_in(room, ana, f"@{scribe.slug} what happened?"),
        lambda: dispatch.start_next(scribe.pk, "worker"),
        answer,
        lambda: [cancel(run, by=ana) for run in Run.objects.open()[:1]],
    ]


def fresh(task: Task) -> Task:
    return Task.objects.select_related("project", "column").get(pk=task.pk)


@pytest.mark.req("E4", "RT-2", "E9")
@pytest.mark.parametrize("seed", range(4))
def test_frames_lost_doubled_or_late_converge(room, actions, seed):
    chance, browsers, frames = random.Random(seed), [], []
    for _ in range(12):
        browsers.append(OpenRoom(room))
        chance.choice(actions)()
        for browser in browsers:
            told = realtime_frames.frame_since(room.project_id, browser.seq, language="en")
            frames.append(told)
            if chance.random() < 0.6:
                browser.apply(told)
            if chance.random() < 0.3:
                late = chance.choice(frames)
                if late["seq"] <= browser.seq:
                    browser.apply({**late, "ops": [op for op in late["ops"] if op["op"] != "chip"]})
    wanted = OpenRoom(room).in_order
    for browser in browsers:
        browser.apply(realtime_frames.frame_since(room.project_id, browser.seq, language="en"))
        assert browser.in_order == wanted


def test_message_is_rendered_once_for_all_browsers(room, ana, ben, monkeypatch):
    room.project.refresh_from_db()
    before, drawn = room.project.last_seq, []
    draw = render._render
    monkeypatch.setattr(render, "_render", lambda message, **how: drawn.append(message.pk) or draw(message, **how))
    for number in range(4):
        message_in(room, ben, f"Word {number}.")
        for since in range(before, before + number + 1):
            puts = realtime_frames.frame_since(room.project_id, since, language="en")["ops"]
            assert len([op for op in puts if f"Word {number}." in op["html"]]) == 1
    assert len(drawn) == len(set(drawn)) == 4
    realtime_frames.frame_since(room.project_id, before, language="ru")
    assert len(drawn) == 8


def test_frame_orders_messages_also_when_one_has_changed(room, ana, ben):
    room.project.refresh_from_db()
    since = room.project.last_seq
    first, second = message_in(room, ben, "One."), message_in(room, ben, "Two.")
    reactions.react(first, emoji="👍", by=ana)
    ops = realtime_frames.frame_since(room.project_id, since, language="en")["ops"]
    assert [op["id"] for op in ops] == [f"message-{first.pk}", f"message-{second.pk}"]


@pytest.mark.req("CHT-6")
def test_frame_calls_first_mentions_alone(room, ana, ben):
    def called_by(verb) -> list[list[int]]:
        room.project.refresh_from_db()
        since = room.project.last_seq
        verb()
        return [op["calls"] for op in realtime_frames.frame_since(room.project_id, since, language="en")["ops"]]

    assert called_by(lambda: message_in(room, ana, "The tide is late.")) == [[]]
    message = Message.objects.get()
    assert called_by(lambda: edit(message, text=f"@{ben.username} the tide is late.", by=ana)) == [[ben.pk]]
    assert called_by(lambda: edit(message, text=f"@{ben.username} it is late.", by=ana)) == [[]]
    assert called_by(lambda: reactions.react(message, emoji="👍", by=ben)) == [[]]


@pytest.mark.req("E2", "E5")
@pytest.mark.django_db(transaction=True)
async def test_frame_too_large_for_a_socket_is_a_reload(board, room, ana, open_socket):  # noqa: F811
    """Thirty long messages behind: no queue takes that, however often it is tried."""
    await in_database(lambda: [message_in(room, ana, "x" * 40_000) for _ in range(30)])()
    one = await open_socket(query="since=0")
    assert (await frame(one))["ops"] == [{"op": "reload"}]
    await in_database(message_in)(room, ana, "Short.")
    [op] = (await frame(one))["ops"]
    assert "Short." in op["html"]
