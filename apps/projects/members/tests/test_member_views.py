"""The page of a project's people."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from apps.projects.members import memberships
from apps.projects.models import Membership, Role
from apps.projects.tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
PAGE = "/projects/TIDE/members/"


def as_(membership: Membership) -> Client:
    client = Client()
    client.force_login(membership.user)
    return client


def role_of(user) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


def to(name: str, user) -> str:
    return reverse(f"projects:{name}", args=["TIDE", user.pk])


def test_everybody_in_it_sees_everybody_in_it(people, cy):
    page = as_(people["viewer"]).get(PAGE).content.decode()
    for membership in people.values():
        assert membership.user.name in page
    assert cy.name not in page


def test_controls_are_shown_to_whom_the_table_allows(people):
    for role in ("viewer", "commenter", "member"):
        page = as_(people[role]).get(PAGE).content.decode()
        assert "/remove/" not in page
        assert "/role/" not in page
        assert 'id="add"' not in page
    maintainers = as_(people["maintainer"]).get(PAGE).content.decode()
    assert to("remove", people["member"].user) in maintainers
    assert to("remove", people["owner"].user) not in maintainers
    assert to("set-role", people["owner"].user) not in maintainers
    assert "/hand-over/" not in maintainers
    assert '<option value="owner"' not in maintainers
    assert to("hand-over", people["member"].user) in as_(people["owner"]).get(PAGE).content.decode()


def test_the_list_costs_the_same_for_many(people, tide, django_assert_max_num_queries):
    for _ in range(20):
        MembershipFactory(project=tide)
    client = as_(people["owner"])
    with django_assert_max_num_queries(6):
        client.get(PAGE)


def test_somebody_is_added_by_name(people, cy):
    response = as_(people["maintainer"]).post(PAGE, {"who": "Cy Outside", "role": "commenter"})
    assert response.url == PAGE
    assert role_of(cy) == Role.COMMENTER


def test_invite_of_unknown_name_keeps_what_was_typed(people, cy):
    response = as_(people["owner"]).post(PAGE, {"who": "Cy Out", "role": "viewer"})
    page = response.content.decode()
    assert response.status_code == 422
    assert "No account has exactly that name" in page
    assert 'value="Cy Out"' in page
    assert "Cy Outside" not in page


def test_somebody_who_is_in_is_said_to_be_in(people):
    response = as_(people["owner"]).post(PAGE, {"who": "viewer", "role": "member"})
    assert response.status_code == 422
    assert "Viewer is in this project already." in response.content.decode()
    assert role_of(people["viewer"].user) == Role.VIEWER


@pytest.mark.req("Z7")
def test_a_role_that_is_not_offered_is_not_given(people, cy):
    client = as_(people["maintainer"])
    assert client.post(PAGE, {"who": "cy", "role": "owner"}).status_code == 422
    assert client.post(to("set-role", people["member"].user), {"role": "owner"}).status_code == 422
    assert client.post(to("set-role", people["owner"].user), {"role": "viewer"}).status_code == 403
    assert (role_of(cy), role_of(people["member"].user)) == (None, Role.MEMBER)
    assert role_of(people["owner"].user) == Role.OWNER


def test_a_role_is_changed(people):
    as_(people["maintainer"]).post(to("set-role", people["member"].user), {"role": "viewer"})
    assert role_of(people["member"].user) == Role.VIEWER


def test_removing_asks_first(people):
    client, member = as_(people["owner"]), people["member"].user
    assert "Remove Member from Tidewater?" in client.get(to("remove", member)).content.decode()
    assert role_of(member) == Role.MEMBER
    assert client.post(to("remove", member)).url == PAGE
    assert role_of(member) is None


def test_leaving_asks_first_and_goes_to_the_other_projects(people):
    client, address = as_(people["viewer"]), reverse("projects:leave", args=["TIDE"])
    assert "Leave Tidewater?" in client.get(address).content.decode()
    assert client.post(address).url == reverse("projects:list")
    assert client.get(PAGE).status_code == 404


@pytest.mark.req("Z7")
def test_the_last_owner_is_told_what_to_do_first(people):
    response = as_(people["owner"]).post(reverse("projects:leave", args=["TIDE"]))
    assert response.status_code == 422
    assert "Make another member an owner first." in response.content.decode()
    assert role_of(people["owner"].user) == Role.OWNER


def test_handing_over_asks_first(people):
    client, address = as_(people["owner"]), to("hand-over", people["member"].user)
    assert "Hand Tidewater over to Member?" in client.get(address).content.decode()
    client.post(address)
    assert (role_of(people["member"].user), role_of(people["owner"].user)) == (Role.OWNER, Role.MAINTAINER)


@pytest.mark.req("Z3")
def test_another_projects_member_is_not_reached_through_ones_own(people):
    elsewhere = MembershipFactory(user=UserFactory(name="Elsewhere")).user
    client = as_(people["owner"])
    for name in ("set-role", "remove", "hand-over"):
        assert client.post(to(name, elsewhere), {"role": "viewer"}).status_code == 404
    assert role_of(elsewhere) == Role.MEMBER


def test_members_page_offers_no_role_below_the_groups(tide, people, cy):
    memberships.grant(tide, cy, role=Role.MEMBER)
    page = as_(people["owner"]).get(PAGE).content.decode()
    assert "<bdi>cy</bdi> · by group" in page
    assert to("remove", cy) not in page
    row = page[page.index(to("set-role", cy)) :]
    assert re.findall(r'option value="(\w+)"', row[: row.index("</form>")]) == ["owner", "maintainer", "member"]
    own = Client()
    own.force_login(cy)
    assert reverse("projects:leave", args=["TIDE"]) not in own.get(PAGE).content.decode()
    response = as_(people["owner"]).post(to("remove", cy))
    assert response.status_code == 422
    assert "A group gives Cy Outside the role member here" in response.content.decode()
