"""Guessing passwords ends after ten tries, at every door that takes one, whoever is guessed at."""

from collections.abc import Callable

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import get_resolver, reverse

from apps.accounts.login.password_hasher import SlottedArgon2
from apps.accounts.models import User
from tests.authz.routes import routes

PASSWORD = "correct horse battery staple"
NEW = "staple battery horse correct"


def sign_in(client: Client, username: str, password: str, **more):
    return client.post(reverse("accounts:sign-in"), {"username": username, "password": password}, **more)


def break_glass(client: Client, username: str, password: str):
    return client.post(reverse("accounts:break-glass"), {"username": username, "password": password})


def change_password(client: Client, username: str, password: str):
    if not client.cookies:
        client.force_login(User.objects.get(username=username))
    fields = {"old_password": password, "new_password1": NEW, "new_password2": NEW}
    return client.post(reverse("accounts:password"), fields)


DOORS = {"accounts:sign-in": sign_in, "accounts:break-glass": break_glass, "accounts:password": change_password}


@pytest.fixture
def ana(db) -> User:
    return User.objects.create_user("ana", name="Ana", password=PASSWORD, is_superuser=True)


@pytest.fixture(params=DOORS)
def door(request, settings) -> Callable:
    settings.LOCAL_SIGN_IN = request.param != "accounts:break-glass"
    return DOORS[request.param]


@pytest.mark.req("A5")
def test_ten_wrong_passwords_close_every_door(client, ana, door, settings):
    """OpenProject's change of a password had no limit (CVE-2026-22603)."""
    statuses = [door(client, "ana", "wrong").status_code for _ in range(10)]
    assert statuses == [422] * 9 + [429]
    right = door(client, "ana", PASSWORD)
    assert right.status_code == 429
    assert right["Retry-After"] == "300"
    settings.LOCAL_SIGN_IN = True
    assert sign_in(Client(), "ana", PASSWORD).status_code == 429
    assert User.objects.get().check_password(PASSWORD)


@pytest.mark.req("S1")
def test_what_was_guessed_is_written_down_nowhere(client, ana, door):
    assert door(client, "ana", "my-other-password").status_code == 422
    kept = str([list(model.objects.values()) for model in (AccessAttempt, User)])
    assert "/accounts/" in kept
    assert "my-other-password" not in kept
    assert NEW not in kept


@pytest.mark.req("A5")
def test_there_is_no_other_door_that_takes_a_password():
    """Every view that keeps a password out of error reports stands in DOORS."""
    addresses = {f"/{route.path}" for route in routes() if "<" not in route.path and not route.is_admins}
    found = {address for address in addresses if hides_parameters(get_resolver().resolve(address).func)}
    assert found == {reverse(name) for name in DOORS}


def hides_parameters(view: Callable | None) -> bool:
    """Whether `sensitive_post_parameters` is among a view's decorators."""
    while view is not None:
        if "sensitive_post_parameters" in getattr(getattr(view, "__code__", None), "co_qualname", ""):
            return True
        view = getattr(view, "__wrapped__", None)
    return False


@pytest.mark.req("A5", "S8")
def test_another_address_in_a_header_gives_no_more_tries(client, ana):
    tries = [
        sign_in(client, f"person-{number}", "wrong", headers={"X-Forwarded-For": f"203.0.113.{number}"}).status_code
        for number in range(10)
    ]
    assert tries[-1] == 429


@pytest.mark.req("A5")
def test_known_and_unknown_accounts_cost_the_same(client, ana, monkeypatch):
    """One hash each, which is all of the time there is to measure; a clock would also measure the machine."""
    User.objects.create_user("cy", password=PASSWORD, is_active=False)
    User.objects.create_agent(username="scribe", name="Scribe", hue="teal")
    hashed: list[str] = []
    encode = SlottedArgon2.encode
    verify = SlottedArgon2.verify
    monkeypatch.setattr(SlottedArgon2, "encode", lambda *args: hashed.append("one") or encode(*args))
    monkeypatch.setattr(SlottedArgon2, "verify", lambda *args: hashed.append("one") or verify(*args))
    pages = set()
    for username in ("ana", "nobody", "cy", "scribe"):
        hashed.clear()
        answer = sign_in(Client(), username, "wrong")
        assert hashed == ["one"], username
        pages.add((answer.status_code, str(answer.context["form"].non_field_errors())))
    assert len(pages) == 1


@pytest.mark.req("A4")
@pytest.mark.parametrize("password", ["fourteen-chars", "password", ""])
def test_a_short_or_a_common_password_is_refused(password):
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.req("A2")
def test_session_key_changes_at_sign_in_and_with_password(client, ana):
    client.force_login(User.objects.create_user("ben"))
    before = client.session.session_key
    client.logout()
    sign_in(client, "ana", PASSWORD)
    signed_in = client.session.session_key
    assert change_password(client, "ana", PASSWORD).status_code == 302
    assert len({before, signed_in, client.session.session_key}) == 3


@pytest.mark.req("A2")
def test_a_changed_password_ends_the_other_sessions(client, ana):
    elsewhere = Client()
    for browser in (client, elsewhere):
        sign_in(browser, "ana", PASSWORD)
    change_password(client, "ana", PASSWORD)
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert elsewhere.get(reverse("accounts:profile")).status_code == 302
