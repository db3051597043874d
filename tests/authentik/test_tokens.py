"""An ID token that is not one for us, or not now, opens nothing."""

import pytest
from django.utils import timezone

from apps.accounts.models import Identity, SignInAttempt
from apps.accounts.oidc import jwks
from tests.authentik.test_sign_in import refusal_in

NOW = "now"  # in a fault below: seconds from now, reckoned when it is armed
WRONG = {
    "iss": ({"claims": {"iss": "https://evil.example/"}}, "token_invalid"),
    "iss without its slash": ({"claims": {"iss": "ISSUER"}}, "token_invalid"),
    "aud": ({"claims": {"aud": "other-app"}}, "token_invalid"),
    "several aud without azp": ({"claims": {"aud": ["teamboard", "other-app"]}}, "token_invalid"),
    "azp": ({"claims": {"azp": "other-app"}}, "token_invalid"),
    "nonce": ({"claims": {"nonce": "another"}}, "token_invalid"),
    "nonce that is no text": ({"claims": {"nonce": None}}, "token_invalid"),
    "no exp": ({"drop": ["exp"]}, "token_invalid"),
    "no iat": ({"drop": ["iat"]}, "token_invalid"),
    "no nonce": ({"drop": ["nonce"]}, "token_invalid"),
    "no sub": ({"drop": ["sub"]}, "token_invalid"),
    "no aud": ({"drop": ["aud"]}, "token_invalid"),
    "no iss": ({"drop": ["iss"]}, "token_invalid"),
    "sub that is no text": ({"claims": {"sub": 7}}, "token_invalid"),
    "sub that is too long": ({"claims": {"sub": "x" * 256}}, "token_invalid"),
    "sub with a NUL": ({"claims": {"sub": "x\0"}}, "token_invalid"),
    "sid that is no text": ({"claims": {"sid": ["x"]}}, "token_invalid"),
    "expired": ({"claims": {"exp": (NOW, -120)}}, "clock"),
    "from the future": ({"claims": {"iat": (NOW, 120)}}, "clock"),
    "unsigned": ({"unsigned": True}, "algorithm"),
    "signed with the secret": ({"hs256": True}, "algorithm"),
    "a foreign key": ({"foreign_key": True}, "token_invalid"),
    "a foreign key by a known name": ({"foreign_key": "same_kid"}, "token_invalid"),
}


def armed(fault: dict, provider) -> dict:
    def value_of(value: object) -> object:
        if isinstance(value, tuple):
            return int(timezone.now().timestamp()) + value[1]
        return provider.issuer.rstrip("/") if value == "ISSUER" else value

    return fault | {"claims": {name: value_of(value) for name, value in fault.get("claims", {}).items()}}


@pytest.mark.req("L8", "A1")
@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_id_token_opens_nothing(person, provider, name):
    fault, code = WRONG[name]
    provider.fault("id_token", **armed(fault, provider))
    max_ = person()
    assert refusal_in(max_.sign_in()) == code
    assert max_.user_id is None
    assert not Identity.objects.exists()
    assert SignInAttempt.objects.get().outcome == code


@pytest.mark.req("L8")
@pytest.mark.parametrize("fault", [{"drop": ["id_token"]}, {"drop": ["access_token"]}])
def test_an_answer_without_its_tokens_opens_nothing(person, provider, fault):
    provider.fault("token_body", **fault)
    assert refusal_in(person().sign_in()) == "token_invalid"


@pytest.mark.req("L8")
@pytest.mark.parametrize("told", [{"claims": {"sub": "somebody else"}}, {"drop": ["sub"]}])
def test_userinfo_must_be_about_the_same_person(person, provider, told):
    provider.fault("userinfo_claims", **told)
    assert refusal_in(person().sign_in()) == "token_invalid"


@pytest.mark.req("L8")
@pytest.mark.parametrize("claims", [{"exp": (NOW, -30)}, {"iat": (NOW, 30)}])
def test_clocks_may_differ_by_half_a_minute(person, provider, claims):
    provider.fault("id_token", **armed({"claims": claims}, provider))
    assert person().sign_in().url == "/projects/"


@pytest.mark.req("L8", "L45")
def test_new_keys_are_noticed_at_once_and_known_ones_not_asked_for_again(person, provider):
    person().sign_in()
    person().sign_in()
    assert provider.asked("jwks") == 1
    provider.rotate_keys()
    assert person().sign_in().url == "/projects/"
    assert provider.asked("jwks") == 2


def test_strangers_forged_key_ids_keep_no_real_change_from_being_noticed(person, provider, client):
    person().sign_in()
    for _ in range(5):
        token = provider.logout_token("max", foreign_key=True)
        assert client.post("/oidc/backchannel-logout/", {"logout_token": token}).status_code == 400
    assert provider.asked("jwks") == 2  # strangers have one question in half a minute
    provider.rotate_keys()
    assert person().sign_in().url == "/projects/"


def test_keys_for_something_else_do_not_count(provider):
    key = provider.state.keys[0].jwk()
    header = {"kid": key["kid"]}
    assert jwks._fitting([key], header)
    for change in ({"use": "enc"}, {"kty": "EC"}, {"alg": "RS512"}, {"n": ""}):
        assert jwks._fitting([key | change], header) is None, change
    assert jwks._fitting([key], {})
    assert jwks._fitting([key, key | {"kid": "2"}], {}) is None
