"""Whom a task is offered to, in a project of two thousand people as in one of ten."""

import cProfile
import pstats

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from apps.accounts.models import User
from apps.projects.models import Membership, Role
from apps.sql.tests.rows_read import analyze
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.detail import assignees
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db


def add_members(project, numbers: range) -> None:
    users = User.objects.bulk_create(User(username=f"crew{n:04}", name=f"Crew {n:04}") for n in numbers)
    Membership.objects.bulk_create(Membership(project=project, user=user, role=Role.MEMBER) for user in users)
    analyze("accounts_user", "projects_membership")


@pytest.fixture
def task(board, columns, ana):
    found = task_in(columns["ready"], "Sell tickets", by=ana)
    comment(found, text="Ask @ana, or @scribe.", by=ana)
    return found


@pytest.fixture
def visitor(client, ana):
    client.force_login(ana)
    return client


def cost(get) -> tuple[int, int]:
    """Statements and calls of Python, once what is made once has been."""
    get()
    profile = cProfile.Profile()
    with CaptureQueriesContext(connection) as captured:
        profile.runcall(get)
    return len(captured), pstats.Stats(profile).total_calls


def test_task_page_costs_the_same_for_2000_members(visitor, board, task):
    add_members(board, range(8))
    few = cost(lambda: visitor.get(task.get_absolute_url()))
    add_members(board, range(8, 2_000))
    many = cost(lambda: visitor.get(task.get_absolute_url()))
    assert many[0] == few[0]
    assert many[1] <= few[1] * 1.3


def test_panel_offers_everybody_of_a_small_project(visitor, board, task):
    page = visitor.get(task.get_absolute_url()).content.decode()
    assert "Search all people" not in page


def test_panel_offers_the_first_and_whoever_has_the_task(visitor, board, task, ana):
    add_members(board, range(60))
    last = User.objects.get(username="crew0059")
    assign(task, to=last, by=ana)
    page = visitor.get(task.get_absolute_url()).content.decode()
    assert f'name="to" value="{last.pk}" checked' in page
    assert "Crew 0040" not in page
    assert f'href="{reverse("tasks:assign", args=["TIDE", task.number])}"' in page
    assert len(assignees.offered(task)[0]) == assignees.MOST_OFFERED + 1


def test_assign_page_finds_and_keeps_whoever_has_the_task(visitor, board, task, ana):
    add_members(board, range(60))
    assign(task, to=ana, by=ana)
    url = reverse("tasks:assign", args=["TIDE", task.number])
    assert "The first 25." in visitor.get(url).content.decode()
    page = visitor.get(url, {"q": "CREW0042"}).content.decode()
    found = User.objects.get(username="crew0042")
    assert f'name="to" value="{found.pk}"' in page
    assert f'name="to" value="{ana.pk}" checked' in page
    assert page.count('name="to"') == 3
    assert visitor.post(url, {"to": found.pk}).status_code == 302
    task.refresh_from_db()
    assert task.assignee == found
    assert "No member of this project is called <bdi>x&lt;y</bdi>." in visitor.get(url, {"q": "x<y"}).content.decode()
