"""Behind a proxy that ends TLS: what is answered and logged when it is not believed, instead of a circle."""

import logging

import pytest
from django.test import Client

from teamboard.environment import Environment, SettingRefused
from teamboard.web import https_trouble

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-7")]
PROXY = "172.18.0.5"
LOGGER = "teamboard.web.https_trouble"


@pytest.fixture(autouse=True)
def behind_tls(settings):
    settings.PUBLIC_URL, settings.SECURE_SSL_REDIRECT = "https://board.example", True
    settings.ALLOWED_HOSTS, settings.TRUSTED_PROXIES = ["board.example"], []
    settings.CSRF_TRUSTED_ORIGINS = ["https://board.example"]


@pytest.fixture
def visitor() -> Client:
    return Client(headers={"Host": "board.example"}, REMOTE_ADDR=PROXY)


@pytest.mark.parametrize(
    "told",
    [
        {"X-Forwarded-Proto": "https"},
        {"X-Forwarded-Proto": "HTTPS, http"},
        {"X-Forwarded-Ssl": "on"},
        {"X-Forwarded-Scheme": "https"},
        {"Forwarded": "for=192.0.2.60;proto=https;by=203.0.113.43"},
    ],
    ids=lambda told: next(iter(told)),
)
def test_proxy_that_is_not_trusted_is_named(visitor, caplog, told):
    with caplog.at_level(logging.WARNING, LOGGER):
        answer = visitor.get("/projects/", headers=told)
    assert answer.status_code == 400
    for fact in (PROXY, "https://board.example", "TRUSTED_PROXIES"):
        assert fact in answer.text
    (record,) = [each for each in caplog.records if each.name == LOGGER]
    assert (record.peer, record.public_url, record.is_trusted) == (PROXY, "https://board.example", False)


def test_trusted_proxy_that_says_it_otherwise_is_named(visitor, settings):
    settings.TRUSTED_PROXIES = ["172.16.0.0/12"]
    answer = visitor.get("/projects/", headers={"X-Forwarded-Proto": "https, http"})
    assert answer.status_code == 400
    assert f"the proxy at {PROXY} says “X-Forwarded-Proto: https, http”" in answer.text


@pytest.mark.parametrize(("proxies", "said"), [([], "TRUSTED_PROXIES"), ([PROXY], "does not say")])
def test_circle_ends_without_any_header(visitor, settings, proxies, said):
    settings.TRUSTED_PROXIES = proxies
    answers = [visitor.get("/projects/?page=1") for _ in range(20)]
    codes = [answer.status_code for answer in answers]
    assert codes == [301] * https_trouble.CIRCLE + [400] * (20 - https_trouble.CIRCLE)
    assert said in answers[-1].text
    assert PROXY in answers[-1].text
    assert visitor.get("/projects/?page=2").status_code == 301


def test_http_alone_is_sent_to_https_as_ever(visitor):
    answer = visitor.get("/projects/")
    assert (answer.status_code, answer.headers["Location"]) == (301, "https://board.example/projects/")
    assert visitor.get("/projects/", secure=True).status_code == 302
    assert visitor.get("/healthz").status_code == 200


def test_trouble_is_logged_once_a_minute(visitor, caplog):
    with caplog.at_level(logging.INFO, LOGGER):
        for n in range(30):
            visitor.get(f"/projects/?n={n}", headers={"X-Forwarded-Proto": "https"})
    assert len([each for each in caplog.records if each.name == LOGGER]) == 1


def test_trouble_at_api_is_a_problem(visitor):
    answer = visitor.get("/api/v1/projects/", headers={"X-Forwarded-Proto": "https"})
    assert (answer.status_code, answer.json()["code"]) == (400, "untrusted_proxy")


def test_trouble_is_told_in_russian(visitor):
    answer = visitor.get("/projects/", headers={"X-Forwarded-Proto": "https", "Accept-Language": "ru"})
    assert "прокси" in answer.text


def test_peer_is_told_behind_a_trusted_proxy(rf, settings):
    """REMOTE_ADDR is the person's address by then."""
    settings.TRUSTED_PROXIES = [PROXY]
    request = rf.get("/projects/", headers={"Host": "board.example", "X-Forwarded-Proto": "https,http"})
    request.scope = {"state": {"peer": PROXY}}
    answer = https_trouble.HttpsTroubleMiddleware(lambda _: None)(request)
    assert f"proxy at {PROXY} says" in answer.text


@pytest.mark.parametrize("path", ["/projects/", "/api/v1/projects/"])
def test_unknown_host_is_told_what_is_known(visitor, settings, path):
    settings.DEBUG = False
    answer = visitor.get(path, secure=True, headers={"Host": "127.0.0.1:8000"})
    assert answer.status_code == 400
    for fact in ("127.0.0.1:8000", "https://board.example", "ALLOWED_HOSTS", PROXY):
        assert fact in answer.text


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("", []),
        ("127.0.0.1, ::1", ["127.0.0.1", "::1"]),
        ("172.16.0.0/12", ["172.16.0.0/12"]),
        ("172.18.0.1/16", ["172.18.0.0/16"]),
        ("2001:db8::1/64", ["2001:db8::/64"]),
    ],
)
def test_proxies_are_addresses_and_networks(given, read):
    assert Environment({"TRUSTED_PROXIES": given}).networks("TRUSTED_PROXIES") == read


@pytest.mark.parametrize("given", ["nginx", "localhost", "10.0.0.0/33", "10.0.0.1:80", "127.0.0.1 proxy"])
def test_proxy_that_no_address_can_match_is_refused(given):
    with pytest.raises(SettingRefused, match="TRUSTED_PROXIES must be IP addresses or networks"):
        Environment({"TRUSTED_PROXIES": given}).networks("TRUSTED_PROXIES")


@pytest.mark.parametrize("url", ["https://example.org/board", "https://example.org/board/", "https://example.org//x"])
def test_path_in_public_url_is_refused(url):
    with pytest.raises(SettingRefused, match="PUBLIC_URL must be scheme, host and port only"):
        Environment({"PUBLIC_URL": url}).origin("PUBLIC_URL", "")


@pytest.mark.req("FLT-8")
@pytest.mark.parametrize(
    ("peer", "proxies", "is_told"),
    [(PROXY, [], True), ("127.0.0.1", [], True), (PROXY, ["172.16.0.0/12"], False), ("8.8.8.8", [], False)],
)
def test_proxy_whose_people_count_as_one_is_told(settings, caplog, peer, proxies, is_told):
    settings.SECURE_SSL_REDIRECT, settings.PUBLIC_URL = False, "http://board.example"
    settings.TRUSTED_PROXIES = proxies
    visitor = Client(headers={"Host": "board.example", "X-Forwarded-For": "198.51.100.7"}, REMOTE_ADDR=peer)
    for _ in range(3):
        assert visitor.get("/accounts/sign-in/").status_code == 200
    assert [each.peer for each in caplog.records if each.name == LOGGER] == [peer] * is_told
