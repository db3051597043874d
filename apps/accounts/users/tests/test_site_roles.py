"""Administrators make and unmake each other and close accounts, and never the last of them."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.messages import get_messages
from django.db import IntegrityError, connection
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.users import site_roles
from apps.errors import NotAllowed, Refused

pytestmark = pytest.mark.django_db
PAGE = "admin:accounts_user_changelist"


def person(name: str, *, is_admin: bool = False, password: str | None = "a long password for tests", **more) -> User:
    rights = {"is_staff": is_admin, "is_superuser": is_admin}
    user = User(username=name.lower(), name=name, **rights, **more)
    user.set_password(password) if password else user.set_unusable_password()
    user.save()
    return user


def rights_of(user: User) -> tuple[bool, bool, bool]:
    user.refresh_from_db()
    return user.is_active, user.is_staff, user.is_superuser


@pytest.fixture
def root(db) -> User:
    return person("Root", is_admin=True)


@pytest.fixture
def ana(db) -> User:
    return person("Ana")


@pytest.fixture
def scribe(db) -> User:
    return User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal")


def test_an_administrator_is_made_and_unmade(root, ana):
    site_roles.make_admin(ana, by=root)
    assert rights_of(ana) == (True, True, True)
    site_roles.unmake_admin(ana, by=root)
    assert rights_of(ana) == (True, False, False)


def test_an_account_is_closed_and_opened(root, ana):
    site_roles.close(ana, by=root)
    assert rights_of(ana) == (False, False, False)
    site_roles.reopen(ana, by=root)
    assert rights_of(ana) == (True, False, False)


@pytest.mark.parametrize("verb", ["make_admin", "unmake_admin", "close", "reopen"])
@pytest.mark.parametrize("who", ["never one", "no more", "closed"])
def test_only_an_administrator_of_this_moment_does_any_of_it(root, verb, who):
    stale = person("Ben", is_admin=who != "never one")
    rights = {"is_active": who != "closed", "is_superuser": who == "closed", "is_staff": who == "closed"}
    User.objects.filter(pk=stale.pk).update(**rights)
    other = person("Cy", is_admin=verb != "make_admin", is_active=verb != "reopen")
    before = rights_of(other)
    with pytest.raises(NotAllowed):
        getattr(site_roles, verb)(other, by=stale)
    assert rights_of(other) == before


@pytest.mark.parametrize("verb", ["unmake_admin", "close"])
def test_nobody_does_it_to_themselves_nor_to_the_last(root, verb):
    other = person("Ben", is_admin=True)
    with pytest.raises(site_roles.NotOneself):
        getattr(site_roles, verb)(root, by=root)
    getattr(site_roles, verb)(other, by=root)
    with pytest.raises(site_roles.LastAdmin):
        getattr(site_roles, verb)(root, by=None)
    assert rights_of(root) == (True, True, True)


@pytest.mark.req("L22")
@pytest.mark.parametrize("verb", ["unmake_admin", "close"])
def test_last_administrator_with_password_stays(root, verb):
    by_provider = person("Ben", is_admin=True, password=None)
    with pytest.raises(site_roles.LastAdmin):
        getattr(site_roles, verb)(root, by=by_provider)
    getattr(site_roles, verb)(by_provider, by=root)
    assert rights_of(root) == (True, True, True)


def test_programs_are_never_administrators(root, scribe):
    with pytest.raises(site_roles.NotForPrograms):
        site_roles.make_admin(scribe, by=root)
    with pytest.raises(site_roles.NotForPrograms):
        site_roles.close(scribe, by=root)
    scribe.is_superuser = True
    with pytest.raises(IntegrityError):
        scribe.save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("verb", ["unmake_admin", "close"])
def test_of_two_who_do_it_to_each_other_at_once_one_stays(root, verb):
    other = person("Ben", is_admin=True)
    for _ in range(5):
        at_once = threading.Barrier(2)

        def go(pair: tuple[User, User], at_once=at_once) -> bool:
            at_once.wait(60)
            try:
                getattr(site_roles, verb)(pair[0], by=pair[1])
            except Refused:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(go, [(root, other), (other, root)])) == [False, True]
        assert User.objects.filter(is_superuser=True, is_active=True).count() == 1
        User.objects.update(is_superuser=True, is_staff=True, is_active=True)


def test_the_list_shows_everybody_and_no_secret(client, root, ana, scribe):
    client.force_login(root)
    for page in (reverse(PAGE), reverse("admin:accounts_user_change", args=[ana.pk])):
        content = client.get(page).content.decode()
        assert "Ana" in content
        assert "argon2" not in content
    assert "Scribe" in client.get(reverse(PAGE)).content.decode()


def test_an_action_says_what_it_did_and_what_it_did_not(client, root, ana):
    client.force_login(root)
    answer = client.post(reverse(PAGE), {"action": "close", "_selected_action": [root.pk, ana.pk]})
    said = " ".join(map(str, get_messages(answer.wsgi_request)))
    assert "Ana can't sign in any more." in said
    assert "Root: You can't do this to yourself." in said
    assert rights_of(ana)[0] is False
    assert rights_of(root)[0] is True


def test_nothing_is_typed_into_an_account(client, root, ana):
    client.force_login(root)
    page = reverse("admin:accounts_user_change", args=[ana.pk])
    answer = client.post(page, {"name": "Eve", "username": "root2", "is_superuser": "on"})
    assert answer.status_code == 403
    assert client.get(reverse("admin:accounts_user_delete", args=[ana.pk])).status_code == 403
    assert rights_of(ana) == (True, False, False)
