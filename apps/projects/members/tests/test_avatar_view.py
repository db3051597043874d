"""Whose picture one may see."""

import pytest
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.users import avatars
from apps.projects.models import Event, Membership
from apps.projects.tests.factories import MembershipFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana(tide):
    person = MembershipFactory(project=tide, user__name="Ana").user
    avatars.change(person, hue="plum", content=b"a picture")
    return person


@pytest.fixture
def ben(tide):
    return MembershipFactory(project=tide, user__name="Ben").user


def seen_by(client, person: User, digest: str):
    client.force_login(person)
    return client.get(reverse("avatar", args=[digest]))


@pytest.mark.req("Z5")
def test_avatar_is_shown_to_members_of_shared_projects(client, ana, ben, cy):
    for person in (ana, ben):
        assert seen_by(client, person, ana.avatar).content == b"a picture"
    assert seen_by(client, cy, ana.avatar).status_code == 404
    Membership.objects.filter(user=ben).delete()
    assert seen_by(client, ben, ana.avatar).status_code == 404
    client.logout()
    assert client.get(reverse("avatar", args=[ana.avatar])).status_code == 302


@pytest.mark.req("Z5")
def test_a_picture_that_was_removed_is_gone(client, ana, ben):
    digest = ana.avatar
    avatars.remove(ana)
    assert seen_by(client, ben, digest).status_code == 404
    assert seen_by(client, ben, "0" * 32).status_code == 404


def test_avatar_of_two_people_may_be_the_same_picture(client, ana, ben, cy):
    for person in (ben, cy):
        avatars.change(person, hue="sky", content=b"a picture")
    assert seen_by(client, ben, ana.avatar).status_code == 200
    assert seen_by(client, cy, ana.avatar).status_code == 200


@pytest.mark.req("Z5")
def test_avatar_is_served_as_image_and_not_cached_for_others(client, ana):
    headers = seen_by(client, ana, ana.avatar).headers
    assert headers["Content-Type"] == "image/webp"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert headers["Cache-Control"] == "private, max-age=31536000, immutable"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_profile_change_is_recorded_in_each_project(client, tide, ana, ben):
    other = MembershipFactory(user=ana).project
    log = Event.objects.filter(kind="member.changed", actor=ana)
    log.delete()
    avatars.change(ana, hue="rose")
    assert set(log.values_list("project", "payload__user")) == {(tide.pk, ana.pk), (other.pk, ana.pk)}
    client.force_login(ana)
    fields = {"name": "Ana Ruiz", "language": "", "theme": "", "density": "normal"}
    client.post(reverse("accounts:preferences"), fields)
    client.post(reverse("accounts:preferences"), fields | {"theme": "dark"})
    assert log.filter(payload__name="Ana Ruiz", project=tide).count() == 1
