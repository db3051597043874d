"""The way to the provider and back, and what is remembered meanwhile."""

from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Identity, LoginSession, SignInAttempt, User
from apps.accounts.oidc import auth_state, views

SIGN_IN = "/accounts/sign-in/"


def refusal_in(response) -> str:
    assert response.status_code == 302
    address = urlsplit(response.url)
    assert address.path == SIGN_IN, response.url
    return parse_qs(address.query)["refusal"][0]


@pytest.mark.req("L7", "L13", "L46", "A1")
def test_a_sign_in_opens_the_projects(person, provider):
    ada = person("ada")
    asked = parse_qs(urlsplit(ada.start()).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"]
    assert asked["state"]
    assert ada.sign_in().url == reverse("projects:list")
    identity = Identity.objects.get(user__pk=ada.user_id)
    assert (identity.issuer, identity.sub) == (provider.issuer, provider.sub("ada"))
    assert ada.client.get(reverse("projects:list")).status_code == 200
    assert SignInAttempt.objects.get().outcome == "ok"


@pytest.mark.req("L6")
def test_the_way_back_is_by_the_public_address_whatever_host_was_asked(person, settings):
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    max_ = person()
    response = max_.client.post(reverse("oidc:start"), headers={"host": "other.example"})
    assert parse_qs(urlsplit(response.url).query)["redirect_uri"] == ["http://testserver/oidc/callback/"]


@pytest.mark.req("L9", "A2")
def test_the_session_key_rotates(person):
    max_ = person()
    url = max_.start()
    before = max_.client.session.session_key
    max_.client.get(max_.pass_through(url))
    assert max_.client.session.session_key != before
    assert not LoginSession.objects.filter(session_key=before).exists()


@pytest.mark.req("L7")
def test_it_begins_with_a_post_of_a_page_of_ours(provider):
    assert Client().get(reverse("oidc:start")).status_code == 405
    assert Client(enforce_csrf_checks=True).post(reverse("oidc:start")).status_code == 403


@pytest.mark.req("L10")
def test_two_tabs_have_two_targets(person):
    max_ = person()
    first, second = max_.start("/projects/new/"), max_.start("/accounts/profile/")
    assert max_.client.get(max_.pass_through(first)).url == "/projects/new/"
    assert max_.client.get(max_.pass_through(second)).url == "/accounts/profile/"


@pytest.mark.req("L10", "A8")
@pytest.mark.parametrize(
    "after",
    [
        *("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)", "/\tevil", "/ok\n"),
        *("/api/v1/projects/", "/ws/projects/TIDE/", "/oidc/callback/?code=1", "/accounts/sign-out/"),
    ],
)
def test_only_pages_of_ours_are_gone_to(person, after):
    assert person().sign_in(after).url == reverse("projects:list")


@pytest.mark.req("L9", "A7")
@pytest.mark.parametrize("state", ["", "unknown", "x" * 5000])
def test_an_unknown_state_changes_nothing(person, provider, state):
    stranger = Client()
    assert refusal_in(stranger.get("/oidc/callback/", {"code": "1", "state": state})) == "state_unknown"
    max_ = person()
    max_.sign_in()
    key = max_.client.session.session_key
    for query in ({"code": "1", "state": state}, {"error": "access_denied", "state": state}, {}):
        assert max_.client.get("/oidc/callback/", query).url == reverse("projects:list")
    assert max_.client.session.session_key == key
    assert provider.asked("token") == 1


@pytest.mark.req("L9", "A7")
def test_a_callback_works_once_and_in_its_own_browser(person):
    max_, other = person(), Client()
    path = max_.pass_through(max_.start())
    assert refusal_in(other.get(path)) == "state_unknown"
    assert max_.client.get(path).url == reverse("projects:list")
    assert max_.client.get(path).url == reverse("projects:list")  # the back button
    max_.client.post(reverse("accounts:sign-out"))
    assert refusal_in(max_.client.get(path)) == "state_unknown"


@pytest.mark.req("A7")
def test_a_code_works_once_at_the_provider_too(person, provider):
    max_ = person()
    code = parse_qs(urlsplit(max_.pass_through(max_.start())).query)["code"][0]
    provider.state.codes.pop(code)
    state = list(max_.client.session["oidc_states"])[-1]
    assert refusal_in(max_.client.get("/oidc/callback/", {"code": code, "state": state})) == "provider_error"
    assert "invalid_grant" in SignInAttempt.objects.get().detail


@pytest.mark.req("L12", "A7")
def test_a_state_lasts_ten_minutes(person, monkeypatch):
    max_ = person()
    path = max_.pass_through(max_.start())
    later = timezone.now() + timedelta(seconds=auth_state.KEPT + 1)
    monkeypatch.setattr(auth_state.timezone, "now", lambda: later)
    assert refusal_in(max_.client.get(path)) == "state_expired"


@pytest.mark.req("L12")
def test_a_session_keeps_ten_states_and_an_address_begins_thirty_a_minute(person, monkeypatch):
    max_ = person()
    for _ in range(12):
        max_.start()
    assert len(max_.client.session["oidc_states"]) == 10
    monkeypatch.setattr(views, "STARTS_PER_MINUTE", 12)
    assert "refusal=too_many_attempts" in max_.start()


@pytest.mark.req("L9")
@pytest.mark.parametrize(
    ("error", "code"),
    [
        ("access_denied", "access_denied"),
        ("login_required", "login_required"),
        ("server_error", "provider_error"),
        ("<script>alert(1)</script>", "provider_error"),
    ],
)
def test_the_providers_no_is_told_in_our_words(person, error, code):
    max_ = person()
    max_.start()
    state = list(max_.client.session["oidc_states"])[-1]
    answer = max_.client.get("/oidc/callback/", {"error": error, "error_description": "<b>hm</b>", "state": state})
    assert refusal_in(answer) == code
    page = max_.client.get(answer.url).content.decode()
    assert "<b>hm</b>" not in page
    assert "alert(1)" not in page


@pytest.mark.req("L9")
def test_another_person_in_the_same_browser_replaces_the_first(person):
    vera = person("vera")
    path = vera.pass_through(vera.start())
    ana = User.objects.create_user("ana", name="Ana")
    states = vera.client.session["oidc_states"]
    vera.client.force_login(ana)  # in another window, meanwhile
    session = vera.client.session
    session["oidc_states"], session["of_ana"] = states, True
    session.save()
    assert vera.client.get(path).url == reverse("projects:list")
    assert User.objects.get(pk=vera.user_id).username == "vera"
    assert "of_ana" not in vera.client.session


@pytest.mark.req("L15")
def test_people_without_an_e_mail_address_come_in_again_and_again(person):
    for username in ("nomail", "nomail2", "nomail"):
        assert person(username).sign_in().url == reverse("projects:list")
    assert sorted(User.objects.values_list("username", "email")) == [("nomail", ""), ("nomail2", "")]


@pytest.mark.req("L43", "S1")
def test_neither_codes_nor_tokens_nor_the_secret_are_written_down(person, provider, log_lines, settings):
    max_ = person()
    path = max_.pass_through(max_.start())
    max_.client.get(path)
    code = parse_qs(urlsplit(path).query)["code"][0]
    token = max_.client.session["oidc_id_token"]
    kept = str(list(SignInAttempt.objects.values_list("detail", "claims", "sub_digest", "outcome")))
    for secret in (code, token, settings.AUTHENTIK_CLIENT_SECRET, provider.sub("max"), "max@example.test"):
        assert secret not in log_lines()
        assert secret not in kept
    assert "A sign-in with Authentik" in log_lines()


def test_what_an_attempt_keeps_of_the_claims(person, provider):
    provider.change("max", extra_claims={"phone": "+1 555", "amr": ["pwd"]})
    person().sign_in()
    claims = SignInAttempt.objects.get().claims
    assert claims["groups"] == ["teamboard-users"]
    assert claims["iss"] == provider.issuer
    assert claims["phone"] == claims["email"] == claims["sub"] == "…"


def test_who_is_signed_in_does_not_begin_again(person):
    max_ = person()
    max_.sign_in()
    assert max_.start("/accounts/profile/") == "/accounts/profile/"
