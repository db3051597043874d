"""Service accounts come with tokens, and nobody signs in as one."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.contrib.auth import authenticate
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, connection
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.login.backends import PeopleBackend
from apps.accounts.models import ApiToken, AuditEntry, User
from apps.accounts.tokens import tokens
from apps.accounts.users import service_accounts, site_roles, username_lock
from apps.errors import NotAllowed

pytestmark = pytest.mark.django_db
PROJECTS = "/api/v1/projects/"


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root", name="Root", password="a long password for tests")


@pytest.fixture
def ci(root) -> User:
    return service_accounts.create(username="ci", name="CI", by=root)


def chosen(scope: str = "write") -> dict:
    return {"name": "pipeline", "scope": scope, "expires_at": timezone.now() + timedelta(days=1)}


def bearing(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"})


def test_service_token_opens_api_and_audit_names_its_maker(ci, root):
    token, text = service_accounts.issue_token(ci, **chosen("read"), by=root)
    assert bearing(text).get(PROJECTS).status_code == 200
    assert bearing(text).post(PROJECTS).json()["title"] == "This token may only read."
    token.refresh_from_db()
    assert token.used_at
    entries = AuditEntry.objects.filter(action__in=["service_account.created", "token.issued"])
    assert {(entry.user_id, entry.facts["of"]) for entry in entries} == {(root.pk, "CI")}


def test_an_agents_token_opens_nothing(root):
    agent = User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal")
    assert bearing(tokens.issue(agent, **chosen(), by=root)[1]).get(PROJECTS).status_code == 401


def test_nobody_signs_in_as_it(client, ci):
    for each in ("", "!", "a long password for tests", ci.password, ci.password[1:]):
        client.post(reverse("accounts:sign-in"), {"username": "ci", "password": each})
        assert "_auth_user_id" not in client.session
        assert authenticate(HttpRequest(), username="ci", password=each) is None


def test_the_database_refuses_it_a_password(ci):
    ci.set_password("a long password for tests")
    with pytest.raises(IntegrityError, match="user_service_account_has_no_password"):
        ci.save()


def test_the_backend_refuses_one_whatever_its_password():
    ci = User(username="ci", kind=User.Kind.SERVICE, password=make_password("a long password for tests"))
    assert not PeopleBackend().user_can_authenticate(ci)


def test_a_session_that_names_it_is_nobodys(ci):
    client = Client()
    client.force_login(ci)
    assert client.get(PROJECTS).status_code == 401
    assert client.get(reverse("accounts:profile")).status_code == 302


@pytest.mark.parametrize("rights", [{"is_staff": True}, {"is_superuser": True}, {"kind": "robot"}])
def test_the_database_refuses_rights_and_unknown_kinds(ci, rights):
    with pytest.raises(IntegrityError):
        User.objects.filter(pk=ci.pk).update(**rights)


def test_it_is_never_an_administrator(ci, root):
    with pytest.raises(site_roles.NotForPrograms):
        site_roles.make_admin(ci, by=root)


def test_closing_revokes_its_tokens_for_good(ci, root):
    _token, text = service_accounts.issue_token(ci, **chosen(), by=root)
    site_roles.close(ci, by=root)
    assert bearing(text).get(PROJECTS).status_code == 401
    site_roles.reopen(ci, by=root)
    assert bearing(text).get(PROJECTS).status_code == 401
    fresh = service_accounts.issue_token(ci, **chosen(), by=root)[1]
    assert bearing(fresh).get(PROJECTS).status_code == 200


def test_a_persons_token_wakes_with_the_account(root):
    ana = User.objects.create_user("ana", name="Ana")
    _token, text = tokens.issue(ana, **chosen(), by=ana)
    site_roles.close(ana, by=root)
    assert bearing(text).get(PROJECTS).status_code == 401
    site_roles.reopen(ana, by=root)
    assert bearing(text).get(PROJECTS).status_code == 200


def test_service_token_is_issued_by_administrators_only(ci, root):
    ana = User.objects.create_user("ana", name="Ana")
    with pytest.raises(service_accounts.NotAServiceAccount):
        service_accounts.issue_token(ana, **chosen(), by=root)
    for verb in (
        lambda: service_accounts.issue_token(ci, **chosen(), by=ana),
        lambda: service_accounts.create(username="bot", name="Bot", by=ana),
    ):
        with pytest.raises(NotAllowed):
            verb()
    site_roles.close(ci, by=root)
    with pytest.raises(service_accounts.NotAServiceAccount):
        service_accounts.issue_token(ci, **chosen(), by=root)
    assert not ApiToken.objects.exists()


def test_a_username_is_somebodys_once(ci, root):
    with pytest.raises(username_lock.UsernameTaken):
        service_accounts.create(username="ci", name="Another", by=root)
    assert User.objects.service_accounts().count() == 1


@pytest.mark.django_db(transaction=True)
def test_no_token_outlives_a_closing_beside_it(root, ci):
    for _ in range(5):
        at_once = threading.Barrier(2)

        def close(at_once=at_once) -> None:
            at_once.wait(60)
            site_roles.close(ci, by=None)

        def issue(at_once=at_once) -> None:
            at_once.wait(60)
            service_accounts.issue_token(ci, **chosen(), by=None)

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(in_own_connection, verb) for verb in (close, issue)]:
                done.result()
        assert not ci.tokens.filter(revoked_at=None).exists()
        site_roles.reopen(ci, by=None)


def in_own_connection(verb) -> None:
    try:
        verb()
    except service_accounts.NotAServiceAccount:
        pass
    finally:
        connection.close()


def test_the_admin_adds_one_and_shows_its_token_once(client, root):
    client.force_login(root)
    added = client.post(
        reverse("admin:accounts_user_add"),
        {"account_for": "service", "username": "ci", "name": "CI", "is_superuser": "on"},
    )
    ci = User.objects.get(username="ci")
    assert (ci.is_service, ci.is_superuser, ci.has_usable_password()) == (True, False, False)
    page = reverse("admin:accounts_user_token", args=[ci.pk])
    assert added.url == page
    assert client.get(page).status_code == 200
    made = client.post(page, {"name": "pipeline", "scope": "write", "expires_in": "30"})
    text = made.context["text"]
    assert text in made.content.decode()
    assert bearing(text).get(PROJECTS).status_code == 200
    assert text not in client.get(page).content.decode()
    assert page in client.get(reverse("admin:accounts_user_change", args=[ci.pk])).content.decode()


def test_the_admin_lists_its_tokens_and_revokes_them(client, root, ci):
    token, text = service_accounts.issue_token(ci, **chosen(), by=root)
    own = tokens.issue(root, **chosen(), by=root)[0]
    client.force_login(root)
    there = reverse("admin:accounts_apitoken_changelist")
    content = client.get(f"{there}?user__id__exact={ci.pk}").content.decode()
    assert str(token) in content
    assert text not in content
    assert str(own) not in client.get(there).content.decode()
    client.post(there, {"action": "revoke", "_selected_action": [token.pk, own.pk]})
    assert bearing(text).get(PROJECTS).status_code == 401
    own.refresh_from_db()
    assert own.revoked_at is None


def test_service_account_needs_own_username_in_any_case(client, root, ci):
    client.force_login(root)
    assert client.post(reverse("admin:accounts_user_add"), {"username": "CI", "name": "x"}).status_code == 200
    assert User.objects.count() == 2
    assert client.get(reverse("admin:accounts_user_token", args=[root.pk])).status_code == 404


def test_who_is_no_administrator_makes_none(client, ci):
    client.force_login(User.objects.create_user("ana", name="Ana"))
    for page in ("admin:accounts_user_add", "admin:accounts_apitoken_changelist"):
        assert client.get(reverse(page)).status_code in (302, 403, 404)
    assert client.post(reverse("admin:accounts_user_token", args=[ci.pk])).status_code in (302, 403, 404)
    assert not ci.tokens.exists()
