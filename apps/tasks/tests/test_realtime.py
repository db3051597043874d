"""An old page and what happened since make the same page as a fresh load, for every action (as Zulip tests it)."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.accounts.signals import person_changed
from apps.accounts.users import avatars
from apps.projects.realtime import frames as realtime_frames
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.create import create
from apps.tasks.actions.edit import edit
from apps.tasks.actions.move import move
from apps.tasks.board import cards
from apps.tasks.models import Task
from apps.tasks.tests.factories import LabelFactory, task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("E4", "RT-2", "RT-5")]


class Page:
    """What a browser keeps: each element's parent, rank and HTML, with the version it was put at."""

    def __init__(self, project) -> None:
        project.refresh_from_db()
        self.seq = project.last_seq
        rows = cards.of_tasks(project, project.tasks.values_list("pk", flat=True))
        users, counts = cards.users_on(rows), cards.column_counts(project)
        self.elements = {
            f"task-{row.pk}": (f"column-{row.column}-list", row.rank, cards.render(project.key, row, users))
            for row in rows
        }
        for column in project.columns.all():
            html = cards.count_html(column.pk, counts.get(column.pk, 0), get_language())
            self.elements[f"column-{column.pk}-count"] = (f"column-{column.pk}", "", html)
        self.elements["board-summary"] = ("board-head", "", cards.summary_html(project))
        self.versions = dict.fromkeys(self.elements, self.seq)

    def apply(self, frame: dict) -> None:
        for op in frame["ops"]:
            if self.versions.get(op["id"], -1) >= frame["seq"]:
                continue
            self.versions[op["id"]] = frame["seq"]
            if op["op"] == "drop":
                self.elements.pop(op["id"], None)
            else:
                self.elements[op["id"]] = (op["parent"], op["rank"], op["html"])
        self.seq = max(self.seq, frame["seq"])


@pytest.fixture
def tasks(columns):
    return [task_in(columns["ready"], f"Task {number}") for number in range(5)]


@pytest.fixture
def actions(board, columns, tasks, ana, ben):
    label = LabelFactory(project=board, name="Bug")
    return {
        "create": lambda: create(board, title="Another", by=ana),
        "create a subtask": lambda: create(board, title="Child", parent=tasks[0], by=ana),
        "move": lambda: move(tasks[1], to=columns["doing"], by=ana),
        "move up": lambda: move(tasks[4], to=columns["ready"], before=tasks[0], by=ben),
        "close": lambda: move(tasks[2], to=columns["done"], by=ana, anyway=True),
        "rename": lambda: edit(tasks[3], title="Renamed", by=ben),
        "label": lambda: edit(tasks[3], labels=[label], by=ben),
        "urgent": lambda: edit(tasks[0], priority=4, by=ana),
        "assign": lambda: assign(tasks[0], to=ben, by=ana),
        "comment": lambda: comment(tasks[1], text="Hello.", by=ana),
        "look different": lambda: avatars.change(ben, hue="rose", content=b"a picture"),
        "be called otherwise": lambda: renamed(ben),
        "close a subtask": lambda: move(
            create(board, title="Short", parent=tasks[1], by=ana), to=columns["done"], by=ana
        ),
    }


def renamed(person: User) -> None:
    User.objects.filter(pk=person.pk).update(name="Benjamin")
    person_changed.send(User, user=person)


def test_frames_bring_an_old_page_to_the_fresh_one(board, actions):
    for name, action in actions.items():
        page = Page(board)
        action()
        page.apply(realtime_frames.frame_since(board.pk, page.seq, language="en"))
        assert page.elements == Page(board).elements, name


def test_frames_lost_doubled_or_reordered_end_alike(board, actions):
    page = Page(board)
    chance = random.Random(7)
    frames = []
    for action in chance.sample(list(actions.values()), len(actions)):
        since = page.seq if not frames else chance.choice([page.seq, frames[-1]["seq"]])
        action()
        frames.append(realtime_frames.frame_since(board.pk, since, language="en"))
    last = realtime_frames.frame_since(board.pk, page.seq, language="en")
    for frame in [*chance.sample(frames, len(frames)), last, frames[0], frames[-1]]:
        page.apply(frame)
    assert page.elements == Page(board).elements


def test_frame_of_a_move_names_the_mover(board, columns, tasks, ana):
    since = Page(board).seq
    move(tasks[0], to=columns["doing"], by=ana, client="page-1")
    ops = realtime_frames.frame_since(board.pk, since, language="en")["ops"]
    put = next(op for op in ops if op["id"] == f"task-{tasks[0].pk}")
    assert put["by"] == {"name": "Ana", "hue": ana.hue, "client": "page-1"}


def test_profile_change_redraws_card_note_and_panel(board, tasks, ana, ben):
    assign(tasks[0], to=ben, by=ana)
    Task.objects.filter(pk=tasks[1].pk).update(status_note={"state": "queued", "code": "busy", "user": ben.pk})
    comment(tasks[2], text="From Ben.", by=ben)
    comment(tasks[2], text="From Ana.", by=ana)
    since = Page(board).seq
    avatars.change(ben, hue="rose", content=b"a picture")
    ops = realtime_frames.frame_since(board.pk, since, language="en", open_task=tasks[2].pk)["ops"]
    drawn = {op["id"] for op in ops if f"/avatars/{ben.avatar}/" in op["html"]}
    by_ben = board.events.get(kind="comment.created", actor=ben).pk
    assert drawn == {f"task-{tasks[0].pk}", f"task-{tasks[1].pk}", f"task-{tasks[2].pk}-head", f"event-{by_ben}"}


def test_profile_change_on_many_cards_reloads_the_page(board, tasks, ana, ben, monkeypatch):
    monkeypatch.setattr(cards, "MAX_REDRAWN", 4)
    Task.objects.filter(pk__in=[task.pk for task in tasks]).update(assignee=ben)
    since = Page(board).seq
    avatars.change(ben, hue="rose")
    assert realtime_frames.frame_since(board.pk, since, language="en")["ops"] == [{"op": "reload"}]


def test_avatar_adds_no_query_to_the_board(client, board, tasks, ana, ben, django_assert_num_queries):
    assign(tasks[0], to=ben, by=ana)
    client.force_login(ana)
    client.get("/projects/TIDE/")
    with CaptureQueriesContext(connection) as before:
        client.get("/projects/TIDE/")
    avatars.change(ben, hue="rose", content=b"a picture")
    with django_assert_num_queries(len(before)):
        assert f"/avatars/{ben.avatar}/" in client.get("/projects/TIDE/").content.decode()


def test_deleted_task_is_dropped_from_the_page(board, tasks, ana):
    since = Page(board).seq
    edit(tasks[0], priority=4, by=ana)
    pk = tasks[0].pk
    Task.objects.filter(pk=pk).delete()
    ops = realtime_frames.frame_since(board.pk, since, language="en")["ops"]
    assert {"op": "drop", "id": f"task-{pk}"} in ops
