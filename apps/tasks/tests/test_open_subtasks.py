"""An open subtask of a parent that is done: whoever makes one is asked, at every door, and the cards say so."""

from collections.abc import Callable
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from apps.accounts.tests.programs import Program
from apps.agents.runs import card_moves
from apps.projects.models import Event
from apps.tasks.actions.create import create
from apps.tasks.actions.move import move
from apps.tasks.board import cards
from apps.tasks.code import automation
from apps.tasks.detail import panel
from apps.tasks.models import Column, Task
from apps.tasks.open_subtasks import DoneParent
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.req("FLT-34"), pytest.mark.django_db]
JSON = {"accept": "application/json"}
REASON = {"code": "draft", "number": 7, "name": "tide"}


class Scene:
    """Ana, by her browser and by a program, with a parent and its subtask."""

    def __init__(self, client: Client, ana, columns: dict[str, Column], *, parent: str, child: str) -> None:
        client.force_login(ana)
        self.client, self.program, self.ana, self.columns = client, Program(ana), ana, columns
        self.parent = task_in(columns[parent], "Parent")
        self.child = task_in(columns[child], "Child", parent=self.parent, anyway=True)

    def post(self, address: str, fields: dict[str, Any], **headers) -> HttpResponse:
        return self.client.post(f"/projects/TIDE/tasks/{address}", fields, headers=headers)

    def create(self, more: dict[str, Any], **headers) -> HttpResponse:
        return self.post("", {"title": "More", "parent": self.parent.number} | more, **headers)

    def move(self, task: Task, to: str, more: dict[str, Any], **headers) -> HttpResponse:
        return self.post(f"{task.number}/move/", {"to": self.columns[to].pk} | more, **headers)

    def program_moves(self, task: Task, to: str, more: dict[str, Any]) -> HttpResponse:
        return self.program.post(f"tasks/{task.pk}/move/", {"to": self.columns[to].pk} | more)

    def program_creates(self, more: dict[str, Any]) -> HttpResponse:
        return self.program.post("projects/TIDE/tasks/", {"title": "More", "parent": self.parent.pk} | more)

    def open_subtasks(self) -> int:
        return Task.objects.open().filter(parent=self.parent, parent__column__category="done").count()


# What makes an open subtask of a done parent: where both stand before, and the way in.
type Door = Callable[[Scene, dict[str, Any]], HttpResponse]
DOORS: dict[str, tuple[str, str, Door]] = {
    "page creates": ("done", "done", lambda s, more: s.create(more)),
    "script creates": ("done", "done", lambda s, more: s.create(more, **JSON)),
    "program creates": ("done", "done", lambda s, more: s.program_creates(more)),
    "page reopens": ("done", "done", lambda s, more: s.move(s.child, "doing", more)),
    "script reopens": ("done", "done", lambda s, more: s.move(s.child, "ready", more, **JSON)),
    "program reopens": ("done", "done", lambda s, more: s.program_moves(s.child, "review", more)),
    "page closes": ("doing", "ready", lambda s, more: s.move(s.parent, "done", more)),
    "script closes": ("doing", "ready", lambda s, more: s.move(s.parent, "done", more, **JSON)),
    "program closes": ("doing", "ready", lambda s, more: s.program_moves(s.parent, "done", more)),
}


@pytest.mark.parametrize("door", DOORS)
def test_open_subtask_of_a_done_parent_is_asked_at_every_door(client, board, columns, ana, door):
    parent, child, enter = DOORS[door]
    scene = Scene(client, ana, columns, parent=parent, child=child)
    asked = enter(scene, {})
    if door.startswith("page"):
        assert asked.status_code == 422
        assert 'name="anyway" value="1"' in asked.text
    else:
        assert (asked.status_code, asked.json()["code"]) == (409 if "program" in door else 422, "open_subtasks")
    assert "anyway?" in asked.text
    assert scene.open_subtasks() == 0

    assert enter(scene, {"anyway": True}).status_code < 400
    assert scene.open_subtasks() == 1


@pytest.mark.parametrize(
    ("parent", "child", "moved", "to"),
    [
        ("ready", "done", "child", "doing"),
        ("done", "ready", "child", "doing"),
        ("done", "ready", "child", "done"),
        ("done", "ready", "parent", "doing"),
        ("done", "ready", "parent", "done"),
        ("ready", "done", "parent", "done"),
    ],
)
def test_open_subtasks_ask_nothing_where_none_is_made(client, board, columns, ana, parent, child, moved, to):
    """Also a card that is only put elsewhere in its column, or one that is open there already."""
    scene = Scene(client, ana, columns, parent=parent, child=child)
    task_in(columns[to])
    move(getattr(scene, moved), to=columns[to], by=ana)
    assert getattr(scene, moved).column == columns[to]


def test_open_subtasks_added_to_an_open_parent_or_done_ask_nothing(board, columns, ana):
    done, ready = columns["done"], columns["ready"]
    create(board, title="Done too", parent=task_in(done), column=done, by=ana)
    create(board, title="Open", parent=task_in(ready), by=ana)
    with pytest.raises(DoneParent):
        create(board, title="Open", parent=task_in(done), by=ana)


def test_open_subtasks_are_marked_on_the_done_card_and_both_pages(client, board, columns, ana):
    scene = Scene(client, ana, columns, parent="ready", child="ready")
    task_in(columns["doing"], parent=scene.parent)
    task_in(columns["done"], parent=scene.parent)
    assert "open subtask" not in card_of(board, scene.parent)
    move(scene.parent, to=columns["done"], by=ana, anyway=True)
    assert "2 open subtasks" in card_of(board, scene.parent)
    assert "2 open subtasks" in panel.sections_of(scene.parent)["subtasks"]
    child = board.tasks.with_relations().get(pk=scene.child.pk)
    assert "which is done" in panel.sections_of(child)["head"]
    last = list(Event.objects.order_by("seq"))[-1:]
    assert any("which is done" in op.get("html", "") for op in panel.ops_of(board, last, child.pk))

    move(scene.child, to=columns["done"], by=ana)
    assert "1 open subtask<" in card_of(board, scene.parent)


def card_of(board, task: Task) -> str:
    (row,) = cards.of_tasks(board, [task.pk])
    return cards.render(board.key, row, {})


def test_open_subtask_by_undoing_is_asked(client, board, columns, ana):
    scene = Scene(client, ana, columns, parent="ready", child="ready")
    move(scene.child, to=columns["done"], by=None, reason=REASON)
    move(scene.parent, to=columns["done"], by=ana)
    fields = {"seq": automation.undoable(scene.child).seq}
    asked = scene.post(f"{scene.child.number}/undo/", fields, **JSON)
    assert (asked.status_code, asked.json()["code"]) == (422, "open_subtasks")
    assert scene.post(f"{scene.child.number}/undo/", fields | {"anyway": "1"}, **JSON).status_code == 200
    assert scene.open_subtasks() == 1


def test_open_subtask_at_which_an_agent_works_is_open(board, columns, ana):
    """It is at work, whatever the parent is; the cards say the rest."""
    parent = task_in(columns["done"], "Parent")
    child = task_in(columns["done"], "Child", parent=parent)
    card_moves.move_card(child, card_moves.Change.ASKED, by=ana)
    assert child.column == columns["doing"]
    assert "1 open subtask<" in card_of(board, parent)
