"""Out here, and then there; or out there, and here within seconds."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import jobs
from apps.accounts.models import LoginSession, SignInAttempt, UsedLogoutToken
from apps.accounts.oidc import backchannel
from apps.accounts.oidc import provider as known_provider

OUT_THERE = "/oidc/backchannel-logout/"
EVENTS = {"events": {backchannel.EVENT: {}}}


def sign_out(client: Client):
    return client.post(reverse("accounts:sign-out"))


@pytest.mark.req("L26")
def test_signing_out_goes_on_to_the_provider(person, provider):
    max_ = person()
    max_.sign_in()
    response = sign_out(max_.client)
    assert "_auth_user_id" not in max_.client.session
    address = urlsplit(response.url)
    assert response.url.startswith(f"{provider.issuer}end-session/")
    asked = parse_qs(address.query)
    assert asked["client_id"] == ["teamboard"]
    assert asked["post_logout_redirect_uri"] == ["http://testserver/"]
    assert asked["id_token_hint"]
    assert provider.let_in(max_.there, response.url, "max") == "/"
    landed = max_.client.get("/", follow=True)
    assert landed.redirect_chain[-1][0].startswith(reverse("accounts:sign-in"))
    assert "You are signed out." in landed.content.decode()
    assert provider.asked("authorize") <= 3  # nothing began by itself


@pytest.mark.req("L26")
def test_signing_out_is_a_post_with_its_csrf_token(person):
    max_ = person()
    max_.sign_in()
    assert max_.client.get(reverse("accounts:sign-out")).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = max_.client.cookies
    assert sign_out(strict).status_code == 403
    assert "_auth_user_id" in max_.client.session


@pytest.mark.req("L26")
def test_with_the_provider_down_it_ends_at_our_own_page(person, provider):
    max_ = person()
    max_.sign_in()
    known_provider.forget()
    provider.fault("discovery", status=500, times=10)
    assert sign_out(max_.client).url == "/accounts/sign-in/?refusal=signed_out"
    assert "_auth_user_id" not in max_.client.session


def test_who_came_with_a_password_is_not_sent_to_the_provider(person, provider, django_user_model):
    max_ = person()
    max_.client.force_login(django_user_model.objects.create_user("ana", name="Ana"))
    assert sign_out(max_.client).url == "/accounts/sign-in/?refusal=signed_out"


@pytest.mark.req("L27")
def test_a_token_with_very_many_groups_is_left_out_of_the_address(person, provider):
    provider.change("max", groups=["teamboard-users", *(f"a group with a long name {n}" for n in range(400))])
    max_ = person()
    max_.sign_in()
    response = sign_out(max_.client)
    assert len(response.url) <= 2000
    assert "id_token_hint" not in response.url
    assert provider.let_in(max_.there, response.url, "max") == "/"


@pytest.mark.req("L29", "L30")
def test_the_provider_ends_the_one_session_it_names(person, provider):
    here, there = person(), person()
    here.sign_in()
    there.sign_in()
    [session, _other] = provider.state.sessions
    response = here.client.post(OUT_THERE, {"logout_token": provider.logout_token("max", session)})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    assert here.client.get("/projects/").status_code == 302
    assert there.client.get("/projects/").status_code == 200


@pytest.mark.req("L30", "L31")
def test_by_subject_it_ends_all_of_theirs_and_nobody_elses(person, provider):
    one, two, vera = person(), person(), person("vera")
    for each in (one, two, vera):
        each.sign_in()
    assert vera.client.post(OUT_THERE, {"logout_token": provider.logout_token("max")}).status_code == 200
    assert [each.client.get("/projects/").status_code for each in (one, two, vera)] == [302, 302, 200]


@pytest.mark.req("L29")
def test_a_logout_of_nobody_is_well(provider, client):
    assert client.post(OUT_THERE, {"logout_token": provider.logout_token("guest")}).status_code == 200


@pytest.mark.req("L29", "A7")
def test_a_logout_token_works_once(person, provider):
    token = provider.logout_token("max")
    max_ = person()
    assert max_.client.post(OUT_THERE, {"logout_token": token}).status_code == 200
    max_.sign_in()
    again = max_.client.post(OUT_THERE, {"logout_token": token})
    assert again.status_code == 400
    assert again.json()["error"] == "invalid_request"
    assert max_.client.get("/projects/").status_code == 200


BAD = {
    "another issuer": {"claims": {"iss": "https://evil.example/"}},
    "another application": {"claims": {"aud": "other-app"}},
    "stale": {"claims": {"iat": 1}},
    "of the future": {"claims": {"iat": 9_999_999_999}},
    "no iat": {"drop": ["iat"]},
    "no jti": {"drop": ["jti"]},
    "no events": {"drop": ["events"]},
    "other events": {"claims": {"events": {"something": {}}}},
    "events that are none": {"claims": {"events": "logout"}},
    "a nonce": {"claims": {"nonce": "1"}},
    "nobody": {"drop": ["sub"]},
    "a subject that is no text": {"claims": {"sub": 7}},
    "expired": {"claims": {"exp": 1}},
    "unsigned": {"unsigned": True},
    "signed with the secret": {"hs256": True},
    "a foreign key": {"foreign_key": True},
    "a foreign key by a known name": {"foreign_key": "same_kid"},
}


@pytest.mark.req("L29")
@pytest.mark.parametrize("name", BAD)
def test_what_is_no_logout_token_ends_nothing(person, provider, name):
    max_ = person()
    max_.sign_in()
    response = max_.client.post(OUT_THERE, {"logout_token": provider.logout_token("max", **BAD[name])})
    assert response.status_code == 400
    assert "no-store" in response["Cache-Control"]
    assert response.json()["error"] == "invalid_request"
    assert max_.client.get("/projects/").status_code == 200


@pytest.mark.req("L29")
def test_other_tokens_and_none_are_refused(person, provider):
    max_ = person()
    max_.sign_in()
    id_token = max_.client.session["oidc_id_token"]
    for sent in ({}, {"logout_token": ""}, {"logout_token": "a.b.c"}, {"logout_token": id_token}):
        assert max_.client.post(OUT_THERE, sent).status_code == 400
    assert max_.client.get(OUT_THERE).status_code == 405
    assert LoginSession.objects.exclude(user=None).count() == 1


@pytest.mark.req("L29")
def test_without_keys_it_is_the_tokens_fault_and_no_error_of_ours(provider, client):
    provider.fault("jwks", status=500, times=10)
    assert client.post(OUT_THERE, {"logout_token": provider.logout_token("max")}).status_code == 400


@pytest.mark.req("L29")
def test_it_needs_neither_session_nor_csrf_token(person, provider):
    max_ = person()
    max_.sign_in()
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(OUT_THERE, {"logout_token": provider.logout_token("max")}).status_code == 200
    assert not strict.cookies.get("session")


def test_what_is_kept_of_signing_in_and_out_is_cleared(person, provider, monkeypatch):
    max_ = person()
    max_.sign_in()
    max_.client.post(OUT_THERE, {"logout_token": provider.logout_token("max")})
    jobs.clear_sessions()
    assert UsedLogoutToken.objects.count() == 1  # as long as its token could come again
    later = jobs.timezone.now() + max(jobs.KEPT_ATTEMPTS, jobs.KEPT_LOGOUT_TOKENS) * 2
    monkeypatch.setattr(jobs.timezone, "now", lambda: later)
    jobs.clear_sessions()
    assert [model.objects.count() for model in (SignInAttempt, UsedLogoutToken, LoginSession)] == [0, 0, 0]
