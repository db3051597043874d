import pytest
from django.db import connection

from apps.projects.git.sanitize import tidy
from apps.projects.tests.factories import RepositoryFactory


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Fix the\nlist", "Fix the list"),
        ("bell\x07 and nul\x00", "bell and nul"),
        ("\u202egpj.exe", "gpj.exe"),
        ("half a\ud800 pair", "half a pair"),
        ("a" * 50, "a" * 20),
        (None, ""),
        ({"a": 1}, ""),
    ],
)
@pytest.mark.req("W2")
def test_what_comes_from_outside_is_bounded_and_hides_nothing(text, shown):
    assert tidy(text, 20) == shown


def test_a_message_keeps_its_lines():
    assert tidy("Subject\r\n\r\n\tbody\x1b[31m\n", 100, lines=True) == "Subject\n\n\tbody[31m"


@pytest.mark.django_db
def test_the_secrets_of_a_repository_are_stored_encrypted():
    RepositoryFactory(credential_kind="token", credential="tok-canary", previous_webhook_secret="old-canary")
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(projects_repository)::text FROM projects_repository")
        stored = cursor.fetchone()[0]
    assert "canary" not in stored
    assert "a-hook-secret" not in stored
