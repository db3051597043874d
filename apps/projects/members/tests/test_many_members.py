"""Projects of two thousand people: their page and the API show and read a part of them."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from apps.accounts.models import User
from apps.accounts.tests.programs import Program
from apps.projects.models import Membership, Role
from apps.sql.tests.rows_read import analyze

pytestmark = pytest.mark.django_db
PAGE, API = "/projects/TIDE/members/", "projects/TIDE/"


def add_members(project, count: int) -> None:
    users = User.objects.bulk_create(User(username=f"crew{n:04}", name=f"Crew {n:04}") for n in range(count))
    Membership.objects.bulk_create(Membership(project=project, user=user, role=Role.MEMBER) for user in users)
    analyze("accounts_user", "projects_membership")


@pytest.fixture
def owner(people, client):
    client.force_login(people["owner"].user)
    return client


def test_members_page_shows_fifty_and_leads_to_the_rest(owner, tide, people):
    add_members(tide, 120)
    first = owner.get(PAGE).content.decode()
    total = tide.memberships.count()
    assert first.count("members__role") == 50
    assert f"1–50 of {total}" in first
    assert 'rel="next" href="?page=2"' in first
    assert "Previous page" not in first
    last = owner.get(f"{PAGE}?page=3").content.decode()
    assert f"101–{total} of {total}" in last
    assert "Crew 0119" in last + owner.get(f"{PAGE}?page=2").content.decode()
    assert "Next page" not in last


def test_members_page_shows_highest_roles_first(owner, tide, people):
    add_members(tide, 120)
    first = owner.get(PAGE).content.decode()
    names = [people[role].user.name for role in ("owner", "maintainer")]
    assert first.index(names[0]) < first.index(names[1]) < first.index("Crew 0000")


def test_members_page_finds_by_name_or_username(owner, tide):
    add_members(tide, 120)
    found = owner.get(PAGE, {"q": " CREW 011 "}).content.decode()
    assert "1–10 of 10" in found
    assert "Crew 0110" in found
    assert "Crew 0100" not in found
    assert "1–1 of 1" in owner.get(PAGE, {"q": "crew0042"}).content.decode()
    none = owner.get(PAGE, {"q": "<Nobody>"}).content.decode()
    assert "No member of this project is called <bdi>&lt;Nobody&gt;</bdi>." in none


def test_members_page_keeps_the_query_from_page_to_page(owner, tide):
    add_members(tide, 120)
    assert 'href="?q=crew%20%26&amp;page=' not in owner.get(PAGE, {"q": "crew &"}).content.decode()
    assert 'href="?q=Crew%200&amp;page=2"' in owner.get(PAGE, {"q": "Crew 0"}).content.decode()


@pytest.mark.parametrize("page", ["0", "-1", "99", "x", "9" * 30])
def test_members_page_answers_any_page_number(page, owner, tide):
    add_members(tide, 60)
    assert owner.get(PAGE, {"page": page}).status_code == 200


def test_members_page_costs_the_same_for_2000(owner, tide):
    add_members(tide, 60)
    with CaptureQueriesContext(connection) as few:
        small = owner.get(PAGE).content
    Membership.objects.filter(user__username__startswith="crew").delete()
    User.objects.filter(username__startswith="crew").delete()
    add_members(tide, 2_000)
    with CaptureQueriesContext(connection) as many:
        large = owner.get(PAGE).content
    assert len(many) == len(few)
    assert len(large) < len(small) * 1.1


def test_api_project_has_its_first_members_and_their_number(people, tide):
    add_members(tide, 2_000)
    program = Program(people["owner"].user)
    told = program.get(API).json()
    assert len(told["members"]) == 100
    assert told["member_count"] == tide.memberships.count()
    assert told["members"][0]["id"] == people["owner"].user.pk


def test_api_finds_members(people, tide):
    add_members(tide, 120)
    program = Program(people["owner"].user)
    found = program.get(f"{API}members/?q=CREW0042").json()["results"]
    assert [member["name"] for member in found] == ["Crew 0042"]
    assert len(program.get(f"{API}members/?q=crew").json()["results"]) == 50
