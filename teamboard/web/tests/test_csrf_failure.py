import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User


@pytest.fixture
def ana(db) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ana", name="Ana"))
    return client


def test_a_form_of_an_old_page_says_what_to_do(ana):
    page = ana.post(reverse("accounts:preferences"), {"name": "Eve"})
    assert page.status_code == 403
    assert "This page is from before you signed in or out." in page.content.decode()
    told = ana.post(reverse("accounts:preferences"), {"name": "Eve"}, headers={"Accept": "application/json"})
    assert told.status_code == 403
    assert told.json()["code"] == "stale_page"
    assert User.objects.get().name == "Ana"


def test_csrf_failure_lets_in_who_signed_in_elsewhere(ana):
    assert ana.post(reverse("accounts:sign-in"), {"next": "/accounts/profile/"}).url == "/accounts/profile/"
    assert ana.post(reverse("accounts:sign-in"), {"next": "https://evil.example/"}).url == reverse("projects:list")
    assert Client(enforce_csrf_checks=True).post(reverse("accounts:sign-in")).status_code == 403


@pytest.mark.req("FLT-7")
@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Origin": "https://board.example"}, "https://board.example"),
        ({"Origin": "http://testserver:8080"}, "http://testserver:8080"),
        ({"Origin": "null"}, "an unknown address"),
        ({"Origin": "http://" + "x" * 5000}, "http://xxx"),
        ({"Origin": "<script>"}, "&lt;script&gt;"),
    ],
)
def test_form_of_another_origin_names_the_cause(ana, settings, caplog, headers, said):
    settings.PUBLIC_URL = "http://board.example"
    page = ana.post(reverse("accounts:preferences"), {"name": "Eve"}, headers=headers, REMOTE_ADDR="172.18.0.5")
    assert page.status_code == 403
    for fact in (said, "http://board.example", "172.18.0.5", "PUBLIC_URL", "TRUSTED_PROXIES"):
        assert fact in page.content.decode()
    assert "before you signed in" not in page.content.decode()
    (record,) = [each for each in caplog.records if each.name == "apps.accounts.wrong_origin"]
    assert (record.public_url, record.peer) == ("http://board.example", "172.18.0.5")
    assert len(record.origin) <= 200


@pytest.mark.req("FLT-7")
@pytest.mark.parametrize("referer", [None, "https://elsewhere.example/page", "http://testserver/", "https://[::1"])
def test_form_of_another_page_by_https_names_the_cause(ana, referer):
    headers = {"Referer": referer} if referer else {}
    told = ana.post(reverse("accounts:preferences"), headers=headers | {"Accept": "application/json"}, secure=True)
    assert (told.status_code, told.json()["code"]) == (403, "wrong_origin")


@pytest.mark.req("FLT-7")
def test_api_by_session_names_the_cause(ana, settings):
    settings.PUBLIC_URL = "http://board.example"
    told = ana.post("/api/v1/projects/", "{}", content_type="application/json", headers={"Origin": "https://x.example"})
    assert told.status_code == 403
    for fact in ("https://x.example", "http://board.example", "TRUSTED_PROXIES"):
        assert fact in told.json()["title"]
