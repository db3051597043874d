"""What somebody meets who has to sign in first."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from apps.accounts.models import LoginSession
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("L11")]
BOARD = "http://testserver/projects/TIDE/?label=3"


def next_in(address: str) -> str:
    url = urlsplit(address)
    assert (url.netloc, url.path) == ("", "/accounts/sign-in/")
    return parse_qs(url.query).get("next", [""])[0]


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "headers",
    [
        {"HX-Request": "true", "HX-Current-URL": BOARD},
        {"Accept": "application/json", "Referer": BOARD},
        {"Sec-Fetch-Dest": "empty", "Referer": BOARD},
    ],
    ids=["htmx", "json", "fetch"],
)
def test_a_script_is_told_where_to_sign_in_for_the_page_it_is_on(client, method, headers):
    answer = getattr(client, method)("/projects/TIDE/tasks/1/", headers=headers)
    assert answer.status_code == 401
    assert answer.json()["sign_in"] == answer["HX-Redirect"]
    assert next_in(answer["HX-Redirect"]) == "/projects/TIDE/?label=3"


@pytest.mark.parametrize(
    "page", ["", "https://evil.example/projects/", "http://testserver.evil.example/", "javascript:x"]
)
def test_a_page_elsewhere_is_not_returned_to(client, page):
    answer = client.get("/projects/", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert answer["HX-Redirect"] == "/accounts/sign-in/"


def test_a_form_leads_back_to_the_page_it_is_on(client):
    answer = client.post("/projects/TIDE/tasks/", headers={"Referer": BOARD})
    assert (answer.status_code, next_in(answer.url)) == (302, "/projects/TIDE/?label=3")


def test_a_page_leads_back_to_itself(client):
    assert client.get("/projects/?a=b").url == "/accounts/sign-in/?next=/projects/%3Fa%3Db"


def test_who_was_signed_in_hears_that_the_session_has_ended(client):
    client.force_login(UserFactory(name="Ana"))
    LoginSession.objects.all().delete()
    answer = client.get("/projects/", follow=True)
    assert "Your session has ended." in answer.content.decode()
    assert "Your session has ended." not in Client().get("/projects/", follow=True).content.decode()
