"""Configured wholly, not at all, or wrongly."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as given
from django.test import Client
from django.urls import get_resolver, reverse

from apps.accounts import checks

WHOLE = {
    "AUTHENTIK_ISSUER": "https://auth.example/application/o/board/",
    "AUTHENTIK_CLIENT_ID": "board",
    "AUTHENTIK_CLIENT_SECRET": "not to be shown",
}


@pytest.fixture
def configured(settings):
    """A maker of configurations: the whole one with changes."""

    def configure(**changes: object) -> str:
        for name, value in (WHOLE | changes).items():
            setattr(settings, name, value)
        return " ".join(message.msg for message in checks.authentik())

    settings.DEBUG = False
    return configure


@pytest.mark.req("L1")
def test_without_a_provider_there_is_no_trace_of_one(db):
    assert not given.AUTHENTIK_ISSUER
    assert not [pattern for pattern in get_resolver().url_patterns if "oidc" in str(pattern.pattern)]
    assert Client().get("/oidc/callback/").status_code in (302, 404)
    page = Client().get(reverse("accounts:sign-in")).content.decode()
    assert "Authentik" not in page
    assert 'name="password"' in page
    assert checks.authentik() == []


@pytest.mark.req("L2")
@pytest.mark.parametrize("name", WHOLE)
def test_a_half_configuration_names_what_is_missing(configured, name):
    said = configured(**{name: ""})
    assert f"{name} is missing" in said
    assert "not to be shown" not in said


@pytest.mark.req("L2")
@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"AUTHENTIK_ISSUER": "http://auth.example/application/o/board/"}, "must begin with https://"),
        ({"AUTHENTIK_ISSUER": "https://auth.example/application/o/board"}, "must end with a slash"),
        ({"AUTHENTIK_ISSUER": "auth.example/"}, "is no web address"),
        ({"AUTHENTIK_ALGORITHM": "HS256"}, "AUTHENTIK_ALGORITHM must be one of RS256, ES256"),
        ({"AUTHENTIK_ENDPOINTS": {"tokens": "https://x/"}}, "AUTHENTIK_ENDPOINTS knows no tokens"),
    ],
)
def test_a_wrong_configuration_is_named(configured, changes, word):
    assert word in configured(**changes)


@pytest.mark.req("L2")
def test_a_right_one_is_well_and_so_is_loopback_by_http(configured):
    assert configured() == ""
    assert configured(AUTHENTIK_ISSUER="http://127.0.0.1:9400/application/o/board/") == ""


def started(*code: str, **env: str) -> str:
    """What a fresh process with these variables prints."""
    inherited = {name: os.environ[name] for name in ("PATH", "DATABASE_URL", "REDIS_URL") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", "; ".join(("import django", "django.setup()", *code))],
        env=inherited | {"DJANGO_SETTINGS_MODULE": "teamboard.settings", "DEBUG": "1"} | env,
        cwd=given.BASE_DIR,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.req("L2")
def test_the_secret_may_be_in_a_file(tmp_path):
    file = tmp_path / "secret"
    file.write_text("from a file\n")
    show = ("from django.conf import settings", "print(settings.AUTHENTIK_CLIENT_SECRET)")
    assert started(*show, AUTHENTIK_CLIENT_SECRET_FILE=str(file)) == "from a file"


@pytest.mark.req("L1", "L6", "L28", "A3")
def test_configured_it_has_its_doors_and_forms_may_end_there():
    show = (
        "from django.conf import settings as s",
        "from django.urls import reverse",
        "print(reverse('oidc:callback'), s.SECURE_CSP['form-action'][-1], s.SESSION_COOKIE_SAMESITE)",
        "print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.OUTBOUND_ALLOWED_HOSTS == [])",
    )
    said = started(*show, PUBLIC_URL="https://board.example", **WHOLE)
    assert said.split() == ["/oidc/callback/", "https://auth.example", "Lax", "True", "True", "True"]
