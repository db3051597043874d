"""What the audit tells of: every door, every right, every refusal."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.audit import trail
from apps.accounts.models import AuditEntry, User
from apps.accounts.sessions import revoke
from apps.accounts.tokens import tokens
from apps.accounts.users import owner_account, site_roles
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("T1")]
PASSWORD = "correct horse battery"


@pytest.fixture
def ana():
    return User.objects.create_user("ana", password=PASSWORD, name="Ana")


@pytest.fixture
def root():
    return UserFactory(name="Root", is_staff=True, is_superuser=True)


def told(action: str) -> AuditEntry:
    """The only entry of that action."""
    return AuditEntry.objects.get(action=action)


def sign_in(password: str, username: str = "ana") -> Client:
    client = Client(REMOTE_ADDR="192.0.2.7")
    client.post(reverse("accounts:sign-in"), {"username": username, "password": password})
    return client


def test_signing_in_and_out(ana):
    client = sign_in(PASSWORD)
    client.post(reverse("accounts:sign-out"))
    assert [(each.action, each.who, each.address) for each in AuditEntry.objects.order_by("pk")] == [
        ("session.begun", "Ana", "192.0.2.7"),
        ("session.left", "Ana", "192.0.2.7"),
    ]


def test_refused_sign_in_names_account_but_not_what_was_typed(ana):
    sign_in("wrong")
    sign_in("wrong", username="my-password-in-the-wrong-field")
    known, unknown = AuditEntry.objects.filter(action="sign_in.refused").order_by("pk")
    assert (known.facts["account"], unknown.facts["account"]) == ("ana", None)
    assert (known.who, known.address) == ("", "192.0.2.7")


def test_refusals_of_one_address_do_not_fill_the_disk(ana, monkeypatch):
    monkeypatch.setattr(trail, "REFUSALS_PER_MINUTE", 3)
    for _ in range(10):
        Client(REMOTE_ADDR="192.0.2.99").get("/api/v1/projects/", headers={"Authorization": "Bearer tb_no"})
    assert AuditEntry.objects.filter(action="token.refused").count() <= 6  # a minute may have ended in between


def test_passwords_and_sessions(ana, root):
    client = sign_in(PASSWORD)
    there = Client()
    there.force_login(ana)
    client.post(reverse("accounts:end-session", args=[ana.sessions.latest("began_at").public_id]))
    fields = {"old_password": PASSWORD, "new_password1": "another horse 77", "new_password2": "another horse 77"}
    client.post(reverse("accounts:password"), fields)
    assert told("sessions.ended").facts["of"] == "Ana"
    assert told("password.changed").who == "Ana"
    revoke.end_all_sessions(ana, by=root)
    assert AuditEntry.objects.filter(action="sessions.ended").latest("pk").who == "Root"
    owner_account.reset_owner_password()
    assert told("password.reset").facts == {"of": "Olga Owner"}


def test_tokens_are_named_by_their_prefix(ana):
    token, text = tokens.issue(ana, name="ci", scope="write", expires_at=timezone.now() + timedelta(days=1), by=ana)
    client = Client(REMOTE_ADDR="192.0.2.7", headers={"Authorization": f"Bearer {text}"})
    project = MembershipFactory(user=ana, role=Role.VIEWER).project
    assert client.post(f"/api/v1/projects/{project.key}/tasks/", {"title": "No"}, "application/json").status_code == 403
    tokens.revoke(token, by=ana)
    client.get("/api/v1/projects/")
    assert told("token.issued").facts["token_id"] == token.prefix
    denied = told("access.denied")
    assert (denied.who, denied.token, denied.facts["path"]) == (
        "Ana",
        token.prefix,
        f"/api/v1/projects/{project.key}/tasks/",
    )
    assert told("token.revoked").facts["of"] == "Ana"
    assert told("token.refused").who == ""
    assert not AuditEntry.objects.filter(facts__icontains=text).exists()


def test_a_page_that_says_no(ana):
    project = MembershipFactory(user=ana, role=Role.VIEWER).project
    client = sign_in(PASSWORD)
    assert client.post(f"/projects/{project.key}/members/", {}).status_code == 403
    assert told("access.denied").facts == {
        "code": "not_allowed",
        "method": "POST",
        "path": f"/projects/{project.key}/members/",
    }


def test_rights_of_the_site(ana, root):
    verbs = [site_roles.make_admin, site_roles.unmake_admin, site_roles.close, site_roles.reopen]
    for verb in verbs:
        verb(ana, by=root)
    entries = list(AuditEntry.objects.order_by("pk"))
    assert [each.action for each in entries] == ["admin.made", "admin.unmade", "account.closed", "account.reopened"]
    assert {(each.who, each.facts["of"]) for each in entries} == {("Root", "Ana")}
