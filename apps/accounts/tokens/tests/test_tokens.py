import hashlib
import re
import zlib
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ApiToken, User
from apps.accounts.tokens import tokens

PROJECTS = "/api/v1/projects/"
NEW = {"key": "NEW", "name": "New"}


@pytest.fixture
def ana(db):
    return User.objects.create_user("ana", name="Ana")


def token_of(person: User, scope: str = "write", days: int = 1) -> tuple[ApiToken, str]:
    expires_at = timezone.now() + timedelta(days=days)
    return tokens.issue(person, name="ci", scope=scope, expires_at=expires_at, by=person)


def bearing(text: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {text}"}, enforce_csrf_checks=True)


def test_a_token_opens_the_api_as_its_person(ana):
    token, text = token_of(ana)
    assert bearing(text).get(PROJECTS).status_code == 200
    assert bearing(text).post(PROJECTS, NEW, "application/json").status_code == 201
    token.refresh_from_db()
    assert token.used_at


def test_a_token_opens_no_page(ana):
    assert bearing(token_of(ana)[1]).get(reverse("accounts:profile")).status_code == 302


def test_a_reading_token_writes_nothing_by_any_unsafe_method(ana):
    client = bearing(token_of(ana, scope="read")[1])
    assert client.get(PROJECTS).status_code == 200
    for method in ("post", "put", "patch", "delete"):
        response = getattr(client, method)(PROJECTS, NEW, "application/json")
        assert response.status_code == 403, method
        assert response.json()["title"] == "This token may only read."
    override = client.get(PROJECTS, headers={"X-HTTP-Method-Override": "POST"})
    assert override.status_code == 200


def test_wrong_revoked_expired_and_closed_are_answered_alike(ana):
    revoked, revoked_text = token_of(ana)
    tokens.revoke(revoked, by=None)
    ben = User.objects.create_user("ben", name="Ben", is_active=False)
    texts = ["tb_x_y", "", "ü", revoked_text, token_of(ana, days=-1)[1], token_of(ben)[1], "a b"]
    answers = [bearing(text.encode().decode("latin-1")).get(PROJECTS) for text in texts]
    assert {answer.status_code for answer in answers} == {401}
    assert {answer["WWW-Authenticate"] for answer in answers} == {'Bearer realm="Team Board"'}
    assert len({answer.content for answer in answers}) == 1


def test_a_token_in_the_address_is_not_looked_at(ana):
    text = token_of(ana)[1]
    assert Client().get(f"{PROJECTS}?token={text}&access_token={text}").status_code == 401


@pytest.mark.req("L36", "A6")
def test_a_token_ends_with_a_checksum_that_a_scanner_can_reckon(ana):
    texts = [token_of(ana)[1] for _ in range(20)]
    for text in texts:
        assert re.fullmatch(r"tb_[0-9a-f]{8}_[0-9A-Za-z]{49}", text)
        value = 0
        for letter in text[-6:]:
            value = value * 62 + tokens.BASE62.index(letter)
        assert value == zlib.crc32(text[:-6].encode())
    assert len({text[12:-6] for text in texts}) == 20


@pytest.mark.req("L36", "A6")
def test_a_token_of_the_older_shape_is_good_still(ana):
    token, _text = token_of(ana)
    older = "tb_0123abcd_" + "a-_" * 14 + "a"
    ApiToken.objects.filter(pk=token.pk).update(digest=hashlib.sha256(older.encode()).hexdigest())
    assert bearing(older).get(PROJECTS).status_code == 200


def test_use_is_written_at_most_once_a_minute(ana, django_assert_num_queries):
    token, _text = token_of(ana)
    tokens.note_use(token)
    token.refresh_from_db()
    with django_assert_num_queries(0):
        tokens.note_use(token)


@pytest.mark.req("L40")
def test_a_session_needs_its_csrf_token_on_the_api_too(ana):
    client = Client(enforce_csrf_checks=True)
    client.force_login(ana)
    assert client.get(PROJECTS).status_code == 200
    assert client.post(PROJECTS, NEW, "application/json").status_code == 403


def test_api_limit_is_429_for_one_person_only(ana, settings):
    settings.API_READS_PER_MINUTE = 2
    client = bearing(token_of(ana)[1])
    answers = [client.get(PROJECTS) for _ in range(6)]  # at worst the minute ends in between
    last = answers[-1]
    assert last.status_code == 429
    assert last["Content-Type"] == "application/problem+json"
    assert 1 <= int(last["Retry-After"]) <= 61
    ben = User.objects.create_user("ben", name="Ben")
    assert bearing(token_of(ben)[1]).get(PROJECTS).status_code == 200


@pytest.mark.req("A5")
def test_token_guesses_are_limited_and_good_tokens_go_on(ana, settings):
    settings.API_FAILURES_PER_MINUTE = 2
    answers = [bearing(f"tb_guess_{number}").get(PROJECTS) for number in range(6)]  # the minute may end in between
    assert [answer.status_code for answer in answers[:2]] == [401, 401]
    last = answers[-1]
    assert (last.status_code, last["Content-Type"], last.json()["code"]) == (
        429,
        "application/problem+json",
        "throttled",
    )
    assert 1 <= int(last["Retry-After"]) <= 61
    elsewhere = bearing("tb_guess").get(PROJECTS, REMOTE_ADDR="192.0.2.7")
    assert elsewhere.status_code == 401
    assert bearing(token_of(ana)[1]).get(PROJECTS).status_code == 200


def test_without_redis_the_api_works_and_counts_nothing(ana, settings):
    settings.CACHES = {
        "default": {**settings.CACHES["default"], "LOCATION": "redis://127.0.0.1:1/0"},
    }
    assert bearing(token_of(ana)[1]).get(PROJECTS).status_code == 200
