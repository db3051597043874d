import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, override_settings
from django.urls import path

pytestmark = pytest.mark.req("X7", "S7")


def database_away(request) -> HttpResponse:
    raise OperationalError("server closed the connection: password=secret")


def broken(request) -> HttpResponse:
    raise ValueError("secret")


urlpatterns = [
    path("page/", database_away),
    path("api/v1/away/", database_away),
    path("api/v1/broken/", broken),
]
handler500 = "teamboard.web.error_pages.server_error"


@pytest.fixture
def answer(db):
    client = Client(raise_request_exception=False)
    with override_settings(ROOT_URLCONF=__name__, DEBUG=False, MIDDLEWARE=[]):
        yield client.get


@pytest.mark.parametrize("url", ["/page/", "/api/v1/away/"])
def test_database_away_is_503_with_retry_after(answer, url):
    response = answer(url)
    assert (response.status_code, response["Retry-After"]) == (503, "2")
    assert b"secret" not in response.content


def test_our_own_fault_is_a_problem_without_its_details(answer):
    response = answer("/api/v1/broken/")
    assert (response.status_code, response.json()["code"]) == (500, "error")
    assert b"secret" not in response.content
