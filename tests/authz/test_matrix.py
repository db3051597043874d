"""Deny by default, proven: every route × method × identity meets what authz.toml says, and nothing else.

The routes come from the URLconf, so a new one fails here until somebody has said who may enter.
"""

import copy
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from apps.projects.consumers import ProjectConsumer
from tests.authz.cast import World, identities, missing_id_of, world
from tests.authz.routes import METHODS, Route, routes

EXPECTED = tomllib.loads((Path(__file__).parent / "authz.toml").read_text())
RULES: dict[str, dict[str, list[str]]] = EXPECTED["rules"]
NOT_LISTED = "not listed"
OUTCOMES = {"in", "sign_in", "no", "nothing"}

pytestmark = [pytest.mark.django_db, pytest.mark.req("Z1", "Z2")]


@pytest.fixture
def own(db) -> World:
    return world("OWN")


@pytest.fixture
def foreign(own) -> World:
    return world("OTHER", numbers_from=500)


@pytest.fixture
def everybody(own, foreign, settings) -> dict[str, Client]:
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = 10**6
    return identities(own, foreign)


def body_of(route: Route, there: World) -> dict:
    """What must be sent to get as far as the question who may; an empty body does for all others."""
    return {"task_id": there.task.pk} if route.path.endswith("/assign/") else {}


def ask(client: Client, method: str, route: Route, address: str, body: dict, **headers: str) -> HttpResponse:
    """Send it, and take back whatever it changed."""
    is_api = route.path.startswith("api/")
    sent = {"data": json.dumps(body), "content_type": "application/json"} if is_api else {}
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = client.generic(method, address, headers=headers, **sent)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def met(response: HttpResponse) -> str:
    """The outcome as authz.toml calls it."""
    is_to_sign_in = response.status_code in (301, 302) and re.match(
        r"/(accounts/sign-in|admin/login)/", response.get("Location", "")
    )
    if response.status_code == 401 or is_to_sign_in:
        return "sign_in"
    known = {403: "no", 404: "nothing", 405: NOT_LISTED}
    if response.status_code >= 500:
        return f"an error {response.status_code}"
    return known.get(response.status_code, "in")


def expected(rule: str) -> dict[str, str]:
    """What each identity meets under `rule`."""
    return {identity: outcome for outcome, names in RULES[rule].items() for identity in names}


def rule_for(route: Route, method: str) -> str | None:
    if route.is_admins:
        return "admin"
    methods = EXPECTED["routes"][route.path]["methods"]
    return methods.get("GET" if method == "HEAD" else method) or methods.get("ANY")


def product_routes() -> list[Route]:
    return [route for route in routes() if not route.is_admins]


def test_every_route_has_an_entry_and_every_entry_a_route():
    assert {route.path for route in product_routes()} == set(EXPECTED["routes"])


def test_every_rule_speaks_of_everybody_once(everybody):
    for name, rule in RULES.items():
        named = [identity for identities in rule.values() for identity in identities]
        assert sorted(named) == sorted(everybody), name
        assert rule.keys() <= OUTCOMES, name


def test_what_is_open_to_anybody_says_why():
    for path, entry in EXPECTED["routes"].items():
        is_open = any(expected(rule)["anonymous"] == "in" for rule in entry["methods"].values())
        assert entry.get("why") or not is_open, path


def cells(own: World) -> Iterator[tuple[Route, str, str]]:
    """Every route with its address and every method."""
    for route in product_routes():
        address = route.filled(*map(own.id_of, route.arguments))
        for method in METHODS:
            yield route, address, method


def test_everybody_meets_what_is_expected_at_every_door(own, everybody):
    wrong = []
    for route, address, method in cells(own):
        if rule := rule_for(route, method):
            for identity, outcome in expected(rule).items():
                got = met(ask(everybody[identity], method, route, address, body_of(route, own)))
                is_without_head = method == "HEAD" and got == NOT_LISTED
                if got != outcome and not is_without_head:
                    wrong.append(f"{method} {route.path} {identity}: {got}, not {outcome}")
    assert not wrong, "\n".join(wrong)


def test_a_method_without_an_entry_is_none(own, everybody):
    """To those who get in wherever anybody does."""
    wrong = []
    for route, address, method in cells(own):
        if not rule_for(route, method):
            for identity in ("owner", "admin", "stranger"):
                got = met(ask(everybody[identity], method, route, address, body_of(route, own)))
                if got not in (NOT_LISTED, "sign_in"):
                    wrong.append(f"{method} {route.path} {identity}: {got}, but it has no entry")
    assert not wrong, "\n".join(wrong)


def test_a_method_cannot_be_smuggled_in_a_header(own, everybody):
    for route in product_routes():
        address = route.filled(*map(own.id_of, route.arguments))
        for identity in ("anonymous", "viewer", "reader"):
            plain = ask(everybody[identity], "GET", route, address, {})
            for method in ("POST", "PATCH", "DELETE"):
                headers = {"X-HTTP-Method-Override": method}
                smuggled = ask(everybody[identity], "GET", route, f"{address}?_method={method}", {}, **headers)
                is_filter = smuggled.status_code == 400 and plain.status_code == 200
                assert is_filter or smuggled.status_code == plain.status_code, (route.path, identity, method)


def combinations(route: Route, own: World, foreign: World) -> Iterator[tuple[str, str]]:
    """For each argument: the address with another project's id there, and with one that does not exist.

    The arguments before it are ours (a foreign child of our parent), those after it foreign too.
    """
    for position in range(len(route.arguments)):
        ours = [own.id_of(name) for name in route.arguments[:position]]
        theirs = [foreign.id_of(name) for name in route.arguments[position:]]
        missing = [missing_id_of(route.arguments[position]), *theirs[1:]]
        yield route.filled(*ours, *theirs), route.filled(*ours, *missing)


def told(response: HttpResponse, address: str) -> tuple:
    """All that an answer tells, without what differs between any two requests: time, CSRF token, address."""
    content = response.content.decode()
    token = re.search(r'data-csrf="(\w+)"', content)
    content = content.replace(token[1], "CSRF") if token else content
    headers = {
        name: value.replace(address, "ADDRESS")
        for name, value in response.headers.items()
        if name not in ("Content-Length", "Expires")
    }
    return response.status_code, headers, content.replace(address, "ADDRESS")


@pytest.mark.req("Z2", "Z3")
def test_another_projects_things_look_like_things_that_do_not_exist(own, foreign, everybody):
    compared = 0
    for route in product_routes():
        for method in METHODS:
            for theirs, missing in combinations(route, own, foreign) if rule_for(route, method) else ():
                for identity in ("member", "owner", "reader"):
                    client = everybody[identity]
                    answers = [
                        told(ask(client, method, route, address, body_of(route, own)), address)
                        for address in (theirs, missing)
                    ]
                    assert answers[0] == answers[1], f"{method} {route.path} {identity}"
                    assert answers[0][0] in (302, 401, 403, 404) or method == "HEAD", (
                        f"{method} {route.path} {identity}"
                    )
                    compared += 1
    assert compared > 100


@pytest.mark.req("Z1")
def test_the_admin_is_for_site_administrators(own, everybody):
    addresses = [(route, re.sub(r"<[^>]+>", "1", f"/{route.path}")) for route in routes() if route.is_admins]
    plain = [(route, address) for route, address in addresses if not re.search(r"[()^$?]", address)]
    wrong = []
    for route, address in plain:
        for method in ("GET", "POST"):
            for identity in ("anonymous", "owner", "disabled", "stranger"):
                outcome = expected("admin")[identity]
                got = met(ask(everybody[identity], method, route, address, {}))
                is_door = address in ("/admin/login/", "/admin/logout/", "/admin/jsi18n/")
                if outcome != "in" and got == "in" and not is_door:
                    wrong.append(f"{method} {address} {identity}: {got}")
    assert not wrong, "\n".join(wrong)
    assert ask(everybody["admin"], "GET", plain[0][0], "/admin/", {}).status_code == 200


def test_every_message_of_the_socket_has_an_entry_and_every_entry_a_message():
    assert set(ProjectConsumer.message_types) == set(EXPECTED["socket"]["messages"])
