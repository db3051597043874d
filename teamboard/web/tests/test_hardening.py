"""What every answer carries, whom we believe about where a request comes from, and who may send what."""

import json
import os
import subprocess
import sys

import httpx
import pytest
from django.conf import settings
from django.core.exceptions import BadRequest, PermissionDenied
from django.http import HttpRequest, JsonResponse
from django.test import Client
from django.urls import include, path

from apps.accounts.tests.programs import Program
from apps.projects.models import Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import BoardFactory, task_in
from teamboard import urls as product
from teamboard.web import handler

JSON = "application/json"


def broken(request: HttpRequest) -> None:
    raise ValueError


def forbidden(request: HttpRequest) -> None:
    raise PermissionDenied


def senseless(request: HttpRequest) -> None:
    raise BadRequest


def echo(request: HttpRequest) -> JsonResponse:
    """What we think of a request."""
    told = {"secure": request.is_secure(), "host": request.get_host(), "from": request.META["REMOTE_ADDR"]}
    return JsonResponse(told | {"names": sorted(request.META), "user": str(request.user)})


urlpatterns = [
    path("broken/", broken),
    path("forbidden/", forbidden),
    path("senseless/", senseless),
    path("echo/", echo),
    path("", include(product)),
]
handler400, handler403, handler404, handler500 = (
    getattr(product, f"handler{status}") for status in (400, 403, 404, 500)
)


@pytest.fixture
def ana(db):
    board = BoardFactory(key="TIDE", name="Tidewater")
    ana = MembershipFactory(project=board, user__name="Ana", role=Role.OWNER).user
    task_in(board.columns.first(), by=ana)
    return ana


@pytest.fixture
def visitor(ana, settings) -> Client:
    settings.ROOT_URLCONF = __name__
    client = Client(raise_request_exception=False)
    client.force_login(ana)
    return client


ANSWERS = [
    ("GET", "/", 302),
    ("GET", "/projects/", 200),
    ("GET", "/projects/TIDE/", 200),
    ("GET", "/projects/TIDE/updates/", 200),
    ("GET", "/projects/TIDE/tasks/1/", 200),
    ("GET", "/projects/TIDE/members/", 200),
    ("GET", "/accounts/profile/", 200),
    ("GET", "/api/v1/projects/", 200),
    ("GET", "/api/v1/docs/", 200),
    ("GET", "/api/v1/nowhere/", 404),
    ("GET", "/nowhere/", 404),
    ("GET", "/projects", 301),
    ("GET", "/broken/", 500),
    ("GET", "/forbidden/", 403),
    ("GET", "/senseless/", 400),
    ("GET", "/projects/?x=%00", 400),
    ("PUT", "/projects/", 405),
    ("POST", "/projects/TIDE/tasks/", 422),
    ("POST", "/api/v1/projects/", 400),
    ("GET", "/admin/", 302),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
]


@pytest.mark.req("S2")
@pytest.mark.parametrize(("method", "address", "status"), ANSWERS)
def test_every_kind_of_answer_carries_every_header(visitor, method, address, status):
    answer = visitor.generic(method, address)
    assert answer.status_code == status
    check_headers(answer)


@pytest.mark.req("S2")
@pytest.mark.parametrize("address", ["/accounts/sign-in/", "/nowhere/", "/api/v1/projects/"])
def test_so_does_every_answer_to_nobody(db, settings, address):
    settings.DEBUG = False
    check_headers(Client().get(address))


@pytest.mark.req("S2")
def test_so_do_refusals_before_any_view(visitor, ana):
    strict = Client(enforce_csrf_checks=True, raise_request_exception=False)
    strict.force_login(ana)
    refused = strict.post("/projects/TIDE/tasks/", {"title": "x"})
    assert refused.status_code == 403
    check_headers(refused)
    elsewhere = visitor.get("/projects/", headers={"Host": "evil.example"})
    assert elsewhere.status_code == 400
    check_headers(elsewhere)


def check_headers(answer) -> None:
    policy = {name: values for name, *values in map(str.split, answer["Content-Security-Policy"].split(";"))}
    assert policy["default-src"] == ["'none'"]
    for name in ("frame-ancestors", "base-uri", "object-src"):
        assert policy[name] == ["'none'"]
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "*" not in answer["Content-Security-Policy"]
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert answer["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Referrer-Policy"] == "same-origin"
    assert {"no-store", "private"} <= set(answer["Cache-Control"].replace(" ", "").split(","))
    assert "Access-Control-Allow-Origin" not in answer


@pytest.fixture(scope="module")
def in_production() -> dict:
    """Settings as they are behind HTTPS."""
    names = ["SESSION_COOKIE", "CSRF_COOKIE", "SECURE", "DEBUG", "USE_X_FORWARDED"]
    code = f"""if True:
        import json
        from teamboard import settings
        from django.conf import global_settings
        names = {{*dir(settings), *dir(global_settings)}}
        found = {{name: getattr(settings, name, getattr(global_settings, name, None)) for name in names}}
        print(json.dumps({{name: found[name] for name in found if name.startswith(tuple({names}))}}, default=str))"""
    secrets = {"SECRET_KEY": "x" * 50, "FIELD_KEYS": "y", "DEBUG": "", "PUBLIC_URL": "https://board.example"}
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | secrets, cwd=settings.BASE_DIR, capture_output=True, check=True
    )
    return json.loads(ran.stdout)


@pytest.mark.req("A3")
@pytest.mark.parametrize("kind", ["SESSION", "CSRF"])
def test_cookies_are_bound_to_this_host_and_to_https(in_production, kind):
    cookie = {name: in_production[f"{kind}_COOKIE_{name}"] for name in ("NAME", "PATH", "DOMAIN", "SECURE", "HTTPONLY")}
    assert cookie.pop("NAME").startswith("__Host-")
    assert cookie == {"PATH": "/", "DOMAIN": None, "SECURE": True, "HTTPONLY": True}
    assert in_production[f"{kind}_COOKIE_SAMESITE"] == "Lax"


@pytest.mark.req("S2")
def test_https_is_kept_to_for_a_year(in_production):
    assert in_production["SECURE_HSTS_SECONDS"] >= 365 * 86_400
    assert in_production["SECURE_HSTS_INCLUDE_SUBDOMAINS"]
    assert in_production["SECURE_SSL_REDIRECT"]


@pytest.mark.req("S8")
def test_no_setting_believes_a_header_about_who_or_where(in_production):
    """Only the server does, for TRUSTED_PROXIES: test_launch_web.py."""
    assert in_production["SECURE_PROXY_SSL_HEADER"] is None
    assert not in_production["USE_X_FORWARDED_HOST"]
    assert not in_production["USE_X_FORWARDED_PORT"]
    assert not [name for name in settings.MIDDLEWARE + settings.AUTHENTICATION_BACKENDS if "Remote" in name]


@pytest.mark.req("A3")
def test_a_page_and_the_api_ask_a_session_for_its_csrf_token(ana):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(ana)
    for address in ("/projects/TIDE/tasks/", "/accounts/preferences/", "/accounts/sign-out/"):
        assert strict.post(address).status_code == 403
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        answer = strict.generic(method, "/api/v1/projects/", "{}", JSON)
        assert answer.status_code == 403, method
    token = strict.get("/projects/").wsgi_request.META["CSRF_COOKIE"]
    with_token = strict.post("/api/v1/projects/", {"key": "NEW", "name": "New"}, JSON, headers={"X-CSRFToken": token})
    assert with_token.status_code == 201


@pytest.mark.req("A3")
@pytest.mark.parametrize(
    "kind", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/json"]
)
def test_the_api_takes_json_alone(ana, kind):
    """Whatever a form on another site could send is 415."""
    program = Program(ana).client
    assert program.generic("POST", "/api/v1/projects/", b"key=NEW&name=New", kind).status_code == 415


SPOOFED = {
    "Forwarded": "for=10.0.0.1;proto=https;host=evil.example",
    "X-Forwarded-For": "10.0.0.1",
    "X-Forwarded-Host": "evil.example",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Port": "443",
    "X-Forwarded-User": "root",
    "X-Real-IP": "10.0.0.1",
    "X-Remote-User": "root",
    "Remote-User": "root",
    "X-Authentik-Username": "root",
    "X-Rewrite-Url": "/echo/",
    "X-Original-Url": "/echo/",
}
UNDERSCORED = {name.replace("-", "_"): value for name, value in SPOOFED.items() if "-" in name}


@pytest.mark.req("S8", "A3")
@pytest.mark.parametrize("spoofed", [SPOOFED, UNDERSCORED], ids=["dashes", "underscores"])
async def test_headers_about_the_caller_change_nothing(settings, spoofed):
    """Kanboard believed REMOTE_USER from anywhere (CVE-2026-21881); underscores reached Django (CVE-2026-3902)."""
    settings.ROOT_URLCONF = __name__
    settings.MIDDLEWARE = ["teamboard.web.tests.test_hardening.Nobody"]
    transport = httpx.ASGITransport(handler.OneThread(), client=("198.51.100.9", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as caller:
        plain = (await caller.get("/echo/")).json()
        told = (await caller.get("/echo/", headers=spoofed)).json()
    come_through = set(told.pop("names")) - set(plain.pop("names"))
    assert told == plain == {"secure": False, "host": "127.0.0.1", "from": "198.51.100.9", "user": "nobody"}
    assert "REMOTE_USER" not in come_through
    if spoofed is UNDERSCORED:
        assert come_through == set()


class Nobody:
    """In place of the session, which needs the database."""

    def __init__(self, get_response) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest):
        request.user = "nobody"
        return self.get_response(request)


@pytest.mark.req("S8")
def test_spoofed_headers_sign_nobody_in(ana):
    for names in (SPOOFED, UNDERSCORED):
        meta = {f"HTTP_{name.upper().replace('-', '_')}": ana.username for name in names}
        caller = Client(REMOTE_USER=ana.username, **meta)
        assert caller.get("/api/v1/projects/").status_code == 401
        assert caller.get("/projects/").url == "/accounts/sign-in/?next=/projects/"


@pytest.mark.req("S5")
def test_health_tells_nothing_and_touches_nothing(db, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = Client().get("/healthz")
    assert (answer.status_code, answer.content) == (200, b"ok\n")


@pytest.mark.req("S3")
def test_the_limit_of_the_api_is_429_and_says_when_to_come_back(ana, settings):
    settings.API_WRITES_PER_MINUTE = 1
    program = Program(ana)
    statuses = [program.post("projects/", {}).status_code for _ in range(2)]
    assert statuses == [400, 429]
    assert 1 <= int(program.post("projects/", {})["Retry-After"]) <= 61
