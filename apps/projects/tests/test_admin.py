"""Administrators see whose a project is, and make somebody an owner when the owner is gone."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.messages import get_messages
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts import site_roles
from apps.accounts.models import User
from apps.errors import NotAllowed, Refused
from apps.projects import joining
from apps.projects.models import Membership, Role
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


def test_the_account_of_a_projects_only_owner_stays_open_until_there_is_another(admin, tide, people):
    owner = people["owner"].user
    close = {"action": "close", "_selected_action": [owner.pk]}
    said = " ".join(map(str, get_messages(admin.post(PEOPLE, close).wsgi_request)))
    assert "Nobody else owns Tidewater." in said
    owner.refresh_from_db()
    assert owner.is_active
    admin.post(page_of(tide), {"new_owner": people["viewer"].user_id})
    assert owners_of(tide) == {"Owner", "Viewer"}
    admin.post(PEOPLE, close)
    owner.refresh_from_db()
    assert not owner.is_active


def test_those_of_the_project_come_first_and_then_anybody_with_an_account(tide, cy):
    owner = MembershipFactory(project=tide, role=Role.OWNER, user__name="Ana")
    MembershipFactory(project=tide, user__is_active=False)
    joining.join(tide, User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal"), by=None)
    assert set(joining.heirs(tide)) == {cy}
    ben = MembershipFactory(project=tide, user__name="Ben").user
    assert set(joining.heirs(tide)) == {ben}
    assert owner.user not in joining.heirs(tide)


def test_an_administrator_helps_themselves_to_no_project_that_has_people(root, tide, people):
    with pytest.raises(NotAllowed):
        joining.appoint(tide, root, by=root)
    with pytest.raises(NotAllowed):
        joining.appoint(tide, people["viewer"].user, by=people["owner"].user)
    assert owners_of(tide) == {"Owner"}


def test_the_page_shows_whose_it_is_and_nothing_of_what_is_in_it(admin, tide, people):
    tide.about = "Only for those in it"
    tide.save()
    for page in (page_of(tide), reverse("admin:projects_project_changelist")):
        content = admin.get(page).content.decode()
        assert "Owner" in content
        assert tide.about not in content
    assert admin.post(page_of(tide), {"new_owner": "", "name": "Mine"}).status_code == 200
    tide.refresh_from_db()
    assert tide.name == "Tidewater"


@pytest.mark.django_db(transaction=True)
def test_of_two_owners_whose_accounts_are_closed_at_once_one_stays_open(root, tide):
    both = [MembershipFactory(project=tide, role=Role.OWNER).user for _ in range(2)]
    for _ in range(5):
        at_once = threading.Barrier(2)

        def close(owner: User, at_once=at_once) -> bool:
            at_once.wait(5)
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
            at_once.wait(5)
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
                lambda other=other: joining.leave(other, by=None),
            ]
            assert sorted(pool.map(go, verbs)) == [False, True]
        assert Membership.objects.filter(role=Role.OWNER, user__is_active=True).count() == 1
        tide.memberships.all().delete()
