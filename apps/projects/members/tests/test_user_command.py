"""`manage.py user`: people without Authentik, from the command line."""

import re
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from apps.accounts.models import AuditEntry, User
from apps.accounts.users import service_accounts, site_roles
from apps.projects.models import Membership, Role

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-4")]


def command(*words: str) -> str:
    out = StringIO()
    call_command("user", *words, stdout=out)
    return out.getvalue()


def signs_in(username: str, printed: str) -> bool:
    password = re.search(r"password (\S+)", printed)[1]
    return Client().post("/accounts/sign-in/", {"username": username, "password": password}).status_code == 302


def test_user_add_makes_somebody_who_signs_in(tide):
    assert signs_in("ana", command("add", "ana", "--called", "Ana Ruiz", "--project", "tide=maintainer"))
    ana = User.objects.get(username="ana")
    assert (ana.name, ana.is_superuser) == ("Ana Ruiz", False)
    assert Membership.objects.get(user=ana).role == Role.MAINTAINER


def test_user_is_found_by_what_was_typed_to_add_them():
    assert "Sign in as ana with" in command("add", "\uff41\uff4e\uff41")
    assert signs_in("ana", command("reset", "\uff41\uff4e\uff41"))


def test_user_add_admin_opens_the_admin():
    assert signs_in("ana", command("add", "ana", "--admin"))
    assert User.objects.get(username="ana").is_staff


def test_user_reset_replaces_the_password(tide):
    first = command("add", "ana")
    second = command("reset", "ana")
    assert not signs_in("ana", first)
    assert signs_in("ana", second)
    assert AuditEntry.objects.filter(action="password.reset", facts__username="ana").count() == 2


def test_user_list_says_how_everybody_signs_in(tide):
    command("add", "ana", "--admin", "--project", "TIDE=viewer")
    User.objects.create_user("mei", name="Mei")
    site_roles.close(User.objects.create_user("ben", name="Ben"), by=None)
    service_accounts.create(username="ci", name="CI", by=None)
    lines = [line.split() for line in command("list").splitlines()]
    assert lines == [
        ["ana", "password", "administrator", "TIDE=viewer"],
        ["ben", "closed"],
        ["mei", "no", "way", "to", "sign", "in"],
    ]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["reset", "nobody"], "There is nobody called nobody"),
        (["reset", "ci"], "CI is not a person’s account"),
        (["reset", "ben"], "The account of Ben is closed"),
        (["add", "CI"], "That username is already taken"),
        (["add", "two words"], "Enter a valid username"),
        (["add", "ana", "--project", "NOSUCH=member"], "is no KEY=ROLE"),
        (["add", "ana", "--project", "TIDE=emperor"], "is no KEY=ROLE"),
    ],
)
def test_user_refuses_in_a_sentence_and_changes_nothing(tide, words, sentence):
    service_accounts.create(username="ci", name="CI", by=None)
    site_roles.close(User.objects.create_user("ben", name="Ben"), by=None)
    before = User.objects.count()
    with pytest.raises(CommandError, match=sentence):
        command(*words)
    assert User.objects.count() == before


def test_user_says_when_passwords_are_switched_off(settings, capsys):
    settings.LOCAL_SIGN_IN = False
    command("add", "ana")
    assert "LOCAL_SIGN_IN is off" in capsys.readouterr().err
    command("add", "root", "--admin")  # who has the door for administrators
    assert "LOCAL_SIGN_IN" not in capsys.readouterr().err
