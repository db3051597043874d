"""The provider is down, slow or talks nonsense: never a 500, always a reason, and the board goes on."""

import json
import threading
import time

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.oidc import http, jwks
from apps.accounts.oidc import provider as known_provider
from tests.authentik.test_sign_in import refusal_in

HTML = {"status": 200, "body": "<h1>Welcome</h1>"}
LIST = {"status": 200, "body": "[]"}
TROUBLES = {
    "500": ({"status": 500}, "provider_unavailable"),
    "404": ({"status": 404}, "provider_error"),
    "a page": (HTML, "provider_error"),
    "a list": (LIST, "provider_error"),
    "nothing": ({"drop_connection": True}, "provider_unavailable"),
    "a word": ({"status": 400, "body": '{"error": "invalid_client"}'}, "provider_error"),
}


@pytest.mark.req("L4")
@pytest.mark.parametrize("where", ["token", "jwks", "userinfo"])
@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_on_the_way_back_is_told(person, provider, where, name):
    how, code = TROUBLES[name]
    max_ = person()
    path = max_.pass_through(max_.start())
    provider.fault(where, **how)
    assert refusal_in(max_.client.get(path)) == code
    assert max_.user_id is None


@pytest.mark.req("L4")
@pytest.mark.parametrize("name", TROUBLES)
def test_trouble_at_the_start_is_told(person, provider, name):
    how, code = TROUBLES[name]
    provider.fault("discovery", **how)
    assert f"refusal={code}" in person().start()


@pytest.mark.req("L4")
def test_a_slow_provider_is_waited_for_so_long_and_no_longer(person, provider, monkeypatch):
    monkeypatch.setattr(http, "LONGEST", 0.4)
    max_ = person()
    path = max_.pass_through(max_.start())
    provider.fault("token", delay=60)
    began = time.monotonic()
    assert refusal_in(max_.client.get(path)) == "provider_slow"
    assert time.monotonic() - began < 30


@pytest.mark.req("L4")
def test_all_questions_of_one_sign_in_share_their_time():
    with http.within(0), pytest.raises(http.SignInRefused) as refused:
        http.ask("http://127.0.0.1:9/")
    assert refused.value.code == "provider_slow"
    assert http.LONGEST < 10


@pytest.mark.req("L3")
def test_an_issuer_that_differs_by_a_slash_is_not_ours(provider, log_lines):
    provider.fault("discovery", status=200, body=json.dumps({"issuer": provider.issuer.rstrip("/")}))
    page = Client().get(reverse("accounts:sign-in")).content.decode()
    assert "Signing in with Authentik is not available right now." in page
    assert "Continue with Authentik" not in page
    assert "calls itself" in log_lines()


@pytest.mark.req("L4")
@pytest.mark.parametrize("where", ["token_endpoint", "authorization_endpoint"])
@pytest.mark.parametrize("told", ["https://auth.example:99999/", "https://[", 7])
def test_endpoint_that_is_no_address_is_told(person, provider, where, told):
    document = dict.fromkeys(known_provider.ENDPOINTS.values(), f"{provider.issuer}x/")
    body = {"issuer": provider.issuer, **document, where: told}
    provider.fault("discovery", status=200, body=json.dumps(body))
    assert "refusal=misconfigured" in person().start()


@pytest.mark.req("L4")
@pytest.mark.parametrize("told", ["https://auth.example:99999/", "https://["])
def test_endpoint_of_the_operator_that_is_no_address_is_told(person, provider, settings, told):
    settings.AUTHENTIK_ENDPOINTS = {"token": told}
    assert "refusal=misconfigured" in person().start()


@pytest.mark.req("L3")
def test_an_endpoint_may_be_another_than_the_provider_tells(person, provider, settings):
    settings.AUTHENTIK_ENDPOINTS = {"token": f"{provider.url}/elsewhere/"}
    assert refusal_in(person().sign_in()) == "provider_error"
    assert provider.asked("/elsewhere/") == 1


@pytest.mark.req("L4")
def test_a_provider_that_is_down_stops_neither_passwords_nor_sessions(person, provider):
    max_ = person()
    max_.sign_in()
    known_provider.forget()
    provider.fault("discovery", status=500, times=100)
    assert max_.client.get("/projects/").status_code == 200
    User.objects.create_user("olga", name="Olga", password="correct horse battery staple")
    olga = Client()
    page = olga.get(reverse("accounts:sign-in")).content.decode()
    assert 'name="password"' in page
    given = {"username": "olga", "password": "correct horse battery staple"}
    assert olga.post(reverse("accounts:sign-in"), given).url == "/projects/"


def test_a_provider_that_is_down_is_not_asked_by_every_visitor(provider):
    provider.fault("discovery", status=500, times=100)
    for _ in range(3):
        Client().get(reverse("accounts:sign-in"))
    assert provider.asked("discovery") == 1


def test_what_was_learnt_lasts_while_the_provider_is_down(person, provider, monkeypatch):
    person().sign_in()
    for module in (known_provider, jwks):
        monkeypatch.setattr(module, "KEPT", 0.0)
    for where in ("discovery", "jwks"):
        provider.fault(where, status=500, times=100)
    assert person("vera").sign_in().url == "/projects/"


@pytest.mark.req("FLT-27")
@pytest.mark.parametrize("where", ["discovery", "jwks"])
def test_known_keys_are_had_while_somebody_asks_a_slow_provider(person, provider, where):
    """Only who asks waits for the provider; before, everybody's next sign-in and request waited with them."""
    person().sign_in()
    header = {"alg": "RS256"}
    assert jwks.find(header, by_stranger=True)
    provider.fault(where, delay=5, times=1)
    if where == "jwks":
        ask = threading.Thread(target=jwks.usable)
    else:
        known_provider._discoveries[provider.issuer].at -= known_provider.KEPT + 1
        ask = threading.Thread(target=known_provider.endpoints)
    asked = provider.asked(where)
    ask.start()
    until(lambda: provider.asked(where) > asked)
    assert jwks.find(header, by_stranger=True)
    assert ask.is_alive()  # so it was not waited for
    ask.join()


@pytest.mark.req("FLT-27")
def test_keys_that_are_too_old_serve_while_one_thread_asks_for_new_ones(person, provider):
    person().sign_in()
    url = known_provider.endpoints().jwks
    jwks._kept[url] = jwks._kept[url]._replace(at=jwks._kept[url].at - jwks.KEPT)
    provider.fault("jwks", delay=5, times=1)
    asked = provider.asked("jwks")
    ask = threading.Thread(target=jwks.find, args=({"alg": "RS256"},), kwargs={"by_stranger": False})
    ask.start()
    until(lambda: provider.asked("jwks") > asked)
    assert jwks.find({"alg": "RS256"}, by_stranger=True)
    assert ask.is_alive()  # so it was not waited for
    ask.join()
    assert provider.asked("jwks") == asked + 1


def until(happened) -> None:
    deadline = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < deadline
        time.sleep(0.01)
