import errno
from collections.abc import Callable

import pytest
from django.db import InternalError, OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.test import Client, override_settings
from django.urls import path
from psycopg import errors

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


def refused_by(error: Exception, cause: Exception | None = None) -> Callable[[HttpRequest], HttpResponse]:
    def view(request: HttpRequest) -> HttpResponse:
        raise error from cause

    return view


FULL_DISKS = {
    "database": refused_by(OperationalError("secret"), errors.DiskFull("could not extend file secret")),
    "read-only-database": refused_by(InternalError("secret"), errors.ReadOnlySqlTransaction("secret")),
    "file": refused_by(OSError(errno.ENOSPC, "secret")),
    "quota": refused_by(OSError(errno.EDQUOT, "secret")),
    "read-only": refused_by(OSError(errno.EROFS, "secret")),
    "unreadable": refused_by(UnreadablePostError("secret"), OSError(errno.ENOSPC, "secret")),
}
urlpatterns += [path(f"{place}{name}/", view) for name, view in FULL_DISKS.items() for place in ("", "api/v1/")]
urlpatterns += [path("other/", refused_by(OSError(errno.EIO, "secret")))]


@pytest.mark.req("FLT-34")
@pytest.mark.parametrize("name", FULL_DISKS)
def test_full_disk_is_507_and_says_so_to_each_reader(answer, name):
    page = answer(f"/{name}/")
    script = answer(f"/{name}/", headers={"accept": "application/json"})
    program = answer(f"/api/v1/{name}/")
    assert [each.status_code for each in (page, script, program)] == [507, 507, 507]
    assert page.text == "The server's disk is full, so nothing was saved. Please tell an administrator.\n"
    assert script.json() == {"code": "disk_full", "message": page.text.strip()}
    assert (program["Content-Type"], program.json()["code"]) == ("application/problem+json", "disk_full")
    assert not [each for each in (page, script, program) if b"secret" in each.content]


@pytest.mark.req("FLT-34")
def test_other_system_errors_are_our_fault_as_ever(answer):
    assert answer("/other/").status_code == 500
