"""Administrators see whose a project is, and make somebody an owner when the owner is gone."""

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts import signals
from apps.accounts.models import User
from apps.accounts.users import site_roles
from apps.errors import NotAllowed, Refused
from apps.projects.members import group_grants, memberships
from apps.projects.models import GroupGrant, Membership, Role
from apps.projects.tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("Z7")]
PEOPLE = reverse("admin:accounts_user_changelist")


@pytest.fixture
def root(db) -> User:
    return UserFactory(name="Root", is_staff=True, is_superuser=True)


@pytest.fixture
def admin(root) -> Client:
    client = Client()
    client.force_login(root)
    return client


def page_of(project) -> str:
    return reverse("admin:projects_project_change", args=[project.pk])


def owners_of(project) -> set[str]:
    return set(project.memberships.filter(role=Role.OWNER).values_list("user__name", flat=True))


def test_account_of_only_owner_stays_open(admin, tide, people):
    owner = people["owner"].user
    close = {"action": "close", "_selected_action": [owner.pk]}
    said = " ".join(map(str, get_messages(admin.post(PEOPLE, close).wsgi_request)))
    assert "There is no other owner of Tidewater." in said
    owner.refresh_from_db()
    assert owner.is_active
    admin.post(page_of(tide), {"new_owner": people["viewer"].user_id})
    assert owners_of(tide) == {"Owner", "Viewer"}
    admin.post(PEOPLE, close)
    owner.refresh_from_db()
    assert not owner.is_active


def test_possible_owners_are_members_first_then_anybody(tide, cy):
    owner = MembershipFactory(project=tide, role=Role.OWNER, user__name="Ana")
    MembershipFactory(project=tide, user__is_active=False)
    memberships.join(tide, User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal"), by=None)
    assert set(memberships.possible_owners(tide)) == {cy}
    ben = MembershipFactory(project=tide, user__name="Ben").user
    assert set(memberships.possible_owners(tide)) == {ben}
    assert owner.user not in memberships.possible_owners(tide)


def test_administrator_cannot_own_project_that_has_people(root, tide, people):
    with pytest.raises(NotAllowed):
        memberships.appoint(tide, root, by=root)
    with pytest.raises(NotAllowed):
        memberships.appoint(tide, people["viewer"].user, by=people["owner"].user)
    assert owners_of(tide) == {"Owner"}


def test_the_page_shows_whose_it_is_and_nothing_of_what_is_in_it(admin, tide, people):
    tide.description = "Only for those in it"
    tide.save()
    for page in (page_of(tide), reverse("admin:projects_project_changelist")):
        content = admin.get(page).content.decode()
        assert "Owner" in content
        assert tide.description not in content
    assert admin.post(page_of(tide), {"new_owner": "", "name": "Mine"}).status_code == 200
    tide.refresh_from_db()
    assert tide.name == "Tidewater"


GRANTS = reverse("admin:projects_groupgrant_changelist")
ADD = reverse("admin:projects_groupgrant_add")


def sign_in(person: User, *groups: str) -> None:
    signals.groups_known.send(User, user=person, groups=frozenset(groups))


@pytest.fixture
def in_groups(people, cy) -> dict[str, User]:
    """Cy and the viewer were in the group devs when they last signed in, the member was in none."""
    sign_in(cy, "devs")
    sign_in(people["viewer"].user, "others", "devs")
    sign_in(people["member"].user)
    return {"cy": cy, "viewer": people["viewer"].user, "member": people["member"].user}


def wanted(tide, **changed) -> dict:
    return {"group": "devs", "project": tide.pk, "role": "member"} | changed


def seen_in(page: str) -> str:
    return re.search(r'name="seen" value="(\w+)"', page)[1]


def rows_of(page: str) -> list[tuple[str, ...]]:
    """Who, where, now and then."""
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    return [tuple(re.findall(r"<t[hd][^>]*>([^<]*)<", row)) for row in body.split("<tr>")[1:]]


def roles_in(tide) -> dict[str, str]:
    return dict(tide.memberships.values_list("user__name", "role"))


@pytest.mark.req("L24")
def test_a_grant_is_shown_before_it_is_saved_and_then_done(admin, root, tide, in_groups):
    before = roles_in(tide)
    page = admin.post(ADD, wanted(tide)).content.decode()
    assert "Nothing is saved yet." in page
    assert "correct the error" not in page
    assert rows_of(page) == [
        ("Cy Outside (cy)", "Tidewater", "–", "member"),
        ("Viewer (viewer)", "Tidewater", "viewer", "member"),
    ]
    assert roles_in(tide) == before
    assert not GroupGrant.objects.exists()
    assert admin.post(ADD, wanted(tide, seen=seen_in(page))).url == GRANTS
    assert roles_in(tide) == before | {"Cy Outside": "member", "Viewer": "member"}
    assert set(tide.events.values_list("actor", flat=True)) == {root.pk}


@pytest.mark.req("L24")
def test_grant_confirmation_counts_for_what_was_seen_only(admin, tide, in_groups):
    seen = seen_in(admin.post(ADD, wanted(tide)).content.decode())
    for wish in (
        wanted(tide, seen=seen, role="maintainer"),
        wanted(tide, seen=seen, group="devs2"),
        wanted(tide, seen=""),
    ):
        assert "Nothing is saved yet." in admin.post(ADD, wish).content.decode()
    memberships.join(tide, in_groups["cy"], role=Role.VIEWER, by=None)
    assert "Nothing is saved yet." in admin.post(ADD, wanted(tide, seen=seen)).content.decode()
    assert not GroupGrant.objects.exists()


@pytest.mark.req("L24")
def test_another_role_and_a_deletion_are_shown_and_done_too(admin, tide, in_groups):
    grant = GroupGrant.objects.create(group="devs", project=tide, role=Role.MAINTAINER)
    group_grants.sync_everybody(by=None)
    change = reverse("admin:projects_groupgrant_change", args=[grant.pk])
    delete = reverse("admin:projects_groupgrant_delete", args=[grant.pk])
    page = admin.post(change, wanted(tide)).content.decode()
    assert ("Cy Outside (cy)", "Tidewater", "maintainer", "member") in rows_of(page)
    admin.post(change, wanted(tide, seen=seen_in(page)))
    assert roles_in(tide)["Cy Outside"] == Role.MEMBER
    page = admin.get(delete).content.decode()
    assert ("Cy Outside (cy)", "Tidewater", "member", "not in the project") in rows_of(page)
    assert ("Viewer (viewer)", "Tidewater", "member", "viewer") in rows_of(page)
    admin.post(delete, {"post": "yes"})
    assert "Cy Outside" not in roles_in(tide)
    assert roles_in(tide)["Viewer"] == Role.VIEWER


@pytest.mark.req("L24")
def test_a_last_owner_who_stays_is_said(admin, tide, cy):
    grant = GroupGrant.objects.create(group="devs", project=tide, role=Role.OWNER)
    sign_in(cy, "devs")
    answer = admin.post(reverse("admin:projects_groupgrant_delete", args=[grant.pk]), {"post": "yes"})
    assert "Cy Outside stays owner of Tidewater" in " ".join(map(str, get_messages(answer.wsgi_request)))
    assert owners_of(tide) == {"Cy Outside"}


def test_second_grant_for_group_and_project_is_an_error(admin, tide, in_groups):
    GroupGrant.objects.create(group="devs", project=tide)
    page = admin.post(ADD, wanted(tide)).content.decode()
    assert "already exists" in page
    assert 'name="seen"' not in page


def test_the_list_says_what_the_setting_grants_besides(admin, tide, settings):
    settings.GROUP_ROLES = ["board-devs=TIDE:member", "board-devs=GONE:viewer"]
    page = " ".join(admin.get(GRANTS).content.decode().split())
    assert "board-devs → TIDE: member</li>" in page
    assert "board-devs → GONE: viewer (no such project)" in page


@pytest.mark.django_db(transaction=True)
def test_close_two_owners_at_once_leaves_one_open(root, tide):
    both = [MembershipFactory(project=tide, role=Role.OWNER).user for _ in range(2)]
    for _ in range(5):
        at_once = threading.Barrier(2)

        def close(owner: User, at_once=at_once) -> bool:
            at_once.wait(60)
            try:
                site_roles.close(owner, by=root)
            except Refused:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(close, both)) == [False, True]
        assert Membership.objects.filter(role=Role.OWNER, user__is_active=True).count() == 1
        User.objects.update(is_active=True)


@pytest.mark.django_db(transaction=True)
def test_closing_one_owner_while_the_other_leaves_keeps_one(root, tide):
    for _ in range(5):
        one, other = (MembershipFactory(project=tide, role=Role.OWNER) for _ in range(2))
        at_once = threading.Barrier(2)

        def go(verb, at_once=at_once) -> bool:
            at_once.wait(60)
            try:
                verb()
            except Refused:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            verbs = [
                lambda one=one: site_roles.close(one.user, by=root),
                lambda other=other: memberships.remove(other, by=None),
            ]
            assert sorted(pool.map(go, verbs)) == [False, True]
        assert Membership.objects.filter(role=Role.OWNER, user__is_active=True).count() == 1
        tide.memberships.all().delete()
