"""The provider's access tokens as keys to the API."""

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.oidc import jwks
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory

PROJECTS = "/api/v1/projects/"


@pytest.fixture
def minted(provider, settings):
    """A maker of tokens without a browser: minted("max")["access_token"]."""
    settings.AUTHENTIK_API = True
    clients = provider.state.clients

    def mint(username: str = "max", client: str = "teamboard", scope: str = "openid profile email") -> dict:
        user = provider.state.users[username]
        issuer = provider.issuer.replace("teamboard", clients[client]["slug"])
        return provider.state.issue(clients[client], user, scope.split(), issuer)

    return mint


@pytest.fixture
def max_(person) -> User:
    someone = person()
    someone.sign_in()
    return User.objects.get(pk=someone.user_id)


def ask(token: str, client: Client | None = None, **how):
    return (client or Client()).get(PROJECTS, headers={"Authorization": f"Bearer {token}"}, **how)


@pytest.mark.req("L37")
def test_an_access_token_opens_what_its_person_may_see(minted, max_):
    project = MembershipFactory(user=max_, role=Role.MEMBER).project
    token = minted()["access_token"]
    assert [each["key"] for each in ask(token).json()["results"]] == [project.key]
    body = {"key": "NEW", "name": "New"}
    made = Client().post(PROJECTS, body, "application/json", headers={"Authorization": f"Bearer {token}"})
    assert made.status_code == 201
    assert Client().get("/projects/", headers={"Authorization": f"Bearer {token}"}).status_code == 302  # no page


@pytest.mark.req("L36", "L37")
def test_it_is_switched_off_unless_somebody_wants_it(minted, max_, settings):
    settings.AUTHENTIK_API = False
    assert ask(minted()["access_token"]).status_code == 401


@pytest.mark.req("L37")
def test_other_tokens_open_nothing_and_are_answered_alike(minted, max_, provider):
    refused = {
        "an ID token": minted()["id_token"],
        "a logout token": provider.logout_token("max"),
        "another application's": minted(client="other-app")["access_token"],
        "an opaque one": "abc",
        "nonsense": "a.b.c",
    }
    faults = {
        "wrong iss": {"claims": {"iss": "https://evil.example/"}},
        "wrong aud": {"claims": {"aud": "other-app"}},
        "wrong azp": {"claims": {"azp": "other-app"}},
        "no azp": {"drop": ["azp"]},
        "no exp": {"drop": ["exp"]},
        "expired": {"claims": {"exp": 1}},
        "unsigned": {"unsigned": True},
        "the secret": {"hs256": True},
        "a foreign key": {"foreign_key": True},
        "a foreign key by a known name": {"foreign_key": "same_kid"},
    }
    for name, fault in faults.items():
        provider.fault("access_token", **fault)
        refused[name] = minted()["access_token"]
    answers = {name: ask(token) for name, token in refused.items()}
    assert {name: answer.status_code for name, answer in answers.items() if answer.status_code != 401} == {}
    assert {answer["WWW-Authenticate"] for answer in answers.values()} == {'Bearer realm="Team Board"'}
    assert len({answer.content for answer in answers.values()}) == 1


@pytest.mark.req("L37")
def test_the_provider_is_not_asked_for_each_request_and_may_be_down(minted, max_, provider):
    token = minted()["access_token"]
    for where in ("discovery", "jwks", "userinfo"):
        provider.fault(where, status=500, times=100)
    before = len(provider.state.log)
    assert [ask(token).status_code for _ in range(3)] == [200] * 3
    assert len(provider.state.log) == before


@pytest.mark.req("L37")
def test_without_keys_it_is_a_401_and_the_provider_is_asked_once(minted, max_, provider):
    token = minted()["access_token"]
    jwks.forget()
    provider.fault("jwks", status=500, times=100)
    asked = provider.asked("jwks")
    assert [ask(token).status_code for _ in range(3)] == [401] * 3
    assert provider.asked("jwks") == asked + 1


@pytest.mark.req("L21", "L37", "L39")
def test_groups_and_accounts_are_asked_each_time(minted, max_, provider):
    User.objects.create_superuser("root", name="Olga", password="a" * 20)
    User.objects.filter(pk=max_.pk).update(is_staff=True, is_superuser=True)
    assert ask(minted()["access_token"]).status_code == 200
    max_.refresh_from_db()
    assert not max_.is_superuser  # the group does not say so any more
    provider.change("max", groups=["teamboard-users", "teamboard-admins"])
    assert ask(minted()["access_token"]).status_code == 200
    max_.refresh_from_db()
    assert not max_.is_superuser  # that takes a sign-in
    provider.change("max", groups=[])
    assert ask(minted()["access_token"]).status_code == 401
    provider.change("max", groups=["teamboard-users"])
    token = minted()["access_token"]
    User.objects.filter(pk=max_.pk).update(is_active=False)
    assert ask(token).status_code == 401


@pytest.mark.req("L38")
def test_nobody_gets_an_account_by_it(minted):
    assert ask(minted()["access_token"]).status_code == 401
    assert ask(minted("bot")["access_token"]).status_code == 401
    assert not User.objects.exists()


@pytest.mark.req("L40")
def test_a_session_beside_it_changes_nothing(minted, max_, person):
    vera = person("vera")
    vera.sign_in()
    MembershipFactory(user_id=vera.user_id)
    assert ask(minted()["access_token"], vera.client).json()["results"] == []


def test_a_program_that_asks_all_the_time_writes_nothing(minted, max_):
    token = minted()["access_token"]
    ask(token)
    used = max_.identities.get().used_at
    ask(token)
    assert max_.identities.get().used_at == used


@pytest.mark.req("L38")
def test_the_providers_token_never_opens_a_service_account(minted, max_):
    ci = User.objects.create_service_account(username="ci", name="CI")
    token = minted()["access_token"]
    assert ask(token).status_code == 200
    max_.identities.update(user=ci)
    assert ask(token).status_code == 401
