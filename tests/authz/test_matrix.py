"""Deny by default, proven: every route × method × identity meets what authz.toml says, and nothing else.

The routes come from the URLconf, so a new one fails here until somebody has said who may enter.
"""

import base64
import copy
import itertools
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pytest
from django.apps import apps
from django.db import transaction
from django.http import HttpResponse
from django.test import Client

from apps.projects.realtime import frames
from apps.projects.realtime.consumers import ProjectConsumer
from apps.projects.tests.factories import UserFactory
from tests.authz.belonging import models_of_projects, path_to_project, rows_of
from tests.authz.bodies import BODIES, GUEST
from tests.authz.cast import Nowhere, World, bearer, carrying, gone_world, identities, token_of, world
from tests.authz.routes import METHODS, Route, routes

EXPECTED = tomllib.loads((Path(__file__).parent / "authz.toml").read_text())
RULES: dict[str, dict[str, list[str]]] = EXPECTED["rules"]
GROUPS: dict[str, list[str]] = EXPECTED["groups"]
NOT_LISTED = "not listed"
OUTCOMES = {"in", "sign_in", "no", "nothing"}
PASSWORD = "correct horse battery staple"

pytestmark = [pytest.mark.django_db, pytest.mark.req("Z1", "Z2")]


@pytest.fixture
def own(db) -> World:
    UserFactory(username=GUEST, name="Guest")
    return world("OWN")


@pytest.fixture
def foreign(own) -> World:
    return world("OTHER", numbers_from=500)


@pytest.fixture
def everybody(own, foreign, settings) -> dict[str, Client]:
    settings.API_READS_PER_MINUTE = settings.API_WRITES_PER_MINUTE = settings.API_FAILURES_PER_MINUTE = 10**6
    return identities(own, foreign)


def body_of(route: Route, method: str, own: World) -> dict:
    make = BODIES.get(f"{method} {route.path}")
    return make(own) if make else {}


def ask(client: Client, method: str, route: Route, address: str, body: dict, **headers: str) -> HttpResponse:
    """Send it, and take back whatever it changed."""
    cookies = copy.deepcopy(client.cookies)
    with transaction.atomic():
        response = send(client, method, route, address, body, **headers)
        transaction.set_rollback(True)
    client.cookies = cookies
    return response


def send(client: Client, method: str, route: Route, address: str, body: dict, **headers: str) -> HttpResponse:
    """`body` as the door takes it: JSON, or a form."""
    if route.path.startswith("api/"):
        sent = {"data": json.dumps(body), "content_type": "application/json"}
    else:
        sent = {"data": urlencode(body, doseq=True), "content_type": "application/x-www-form-urlencoded"}
    return client.generic(method, address, headers=headers, **sent)


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
    return {identity: outcome for outcome, names in RULES[rule].items() for identity in each_of(names)}


def each_of(names: list[str]) -> list[str]:
    """The identities behind `names`, of which some are groups."""
    return [identity for name in names for identity in GROUPS.get(name, [name])]


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
        named = [identity for names in rule.values() for identity in each_of(names)]
        assert sorted(named) == sorted(everybody), name
        assert rule.keys() <= OUTCOMES, name


def test_what_is_open_to_anybody_says_why():
    for path, entry in EXPECTED["routes"].items():
        is_open = any(expected(rule)["anonymous"] == "in" for rule in entry["methods"].values())
        assert entry.get("why") or not is_open, path


def test_both_projects_hold_a_row_of_every_model(own, foreign):
    """A new model gets its place in cast.py, or stands in authz.toml with the reason why it needs none."""
    elsewhere = EXPECTED["models"]
    assert elsewhere.keys() <= {model._meta.label for model in apps.get_models()}
    for model in models_of_projects(elsewhere):
        assert path_to_project(model), f"{model._meta.label} leads to no project and has no entry"
        for there in (own, foreign):
            assert rows_of(model, there.project).exists(), f"{there.project} has no {model._meta.label}"


def cells(own: World) -> Iterator[tuple[Route, str, str]]:
    """Every route with its address and every method."""
    for route in product_routes():
        address = route.filled(*map(own.id_of, route.arguments))
        for method in METHODS:
            yield route, address, method


def test_everybody_meets_what_is_expected_at_every_door(own, everybody, record_property):
    wrong, count = [], 0
    for route, address, method in cells(own):
        if rule := rule_for(route, method):
            for identity, outcome in expected(rule).items():
                count += 1
                got = met(ask(everybody[identity], method, route, address, body_of(route, method, own)))
                is_without_head = method == "HEAD" and got == NOT_LISTED
                if got != outcome and not is_without_head:
                    wrong.append(f"{method} {route.path} {identity}: {got}, not {outcome}")
    assert not wrong, "\n".join(wrong)
    record_property("cells: route × method × identity", count)


def test_a_method_without_an_entry_is_none(own, everybody, record_property):
    """To those who get in wherever anybody does."""
    wrong, count = [], 0
    for route, address, method in cells(own):
        if not rule_for(route, method):
            for identity in ("owner", "admin", "director", "stranger", "agent"):
                count += 1
                got = met(ask(everybody[identity], method, route, address, {}))
                if got not in (NOT_LISTED, "sign_in"):
                    wrong.append(f"{method} {route.path} {identity}: {got}, but it has no entry")
    assert not wrong, "\n".join(wrong)
    record_property("cells: method without an entry", count)


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


PEOPLE = ("outsider", "viewer", "commenter", "member", "maintainer", "owner", "admin")


def test_a_token_opens_what_its_persons_session_opens_and_no_page(own, everybody, record_property):
    programs = {name: bearer(person_of(everybody[name]), "agents") for name in PEOPLE}
    wrong, count = [], 0
    for route, address, method in cells(own):
        if rule := rule_for(route, method):
            takes_tokens = "writer" not in each_of(RULES[rule].get("sign_in", []))
            for name, program in programs.items():
                count += 1
                got = met(ask(program, method, route, address, body_of(route, method, own)))
                outcome = expected(rule)[name if takes_tokens else "writer"]
                if got != outcome and got != NOT_LISTED:
                    wrong.append(f"{method} {route.path} {name}'s token: {got}, not {outcome}")
    assert not wrong, "\n".join(wrong)
    record_property("cells: the same by token", count)


def person_of(client: Client):
    return type(UserFactory.build()).objects.get(pk=client.session["_auth_user_id"])


def basic(name: str, password: str) -> Client:
    return carrying(Authorization="Basic " + base64.b64encode(f"{name}:{password}".encode()).decode())


def test_neither_basic_nor_a_token_in_the_address_opens_anything(own, everybody, record_property):
    """Whoever comes so is nobody: where anonymous is not let in, they are not either."""
    own.owner.set_password(PASSWORD)
    own.owner.save()
    text = token_of(own.owner, "agents")[1]
    callers = [
        (basic(own.owner.username, PASSWORD), ""),
        (basic(own.owner.username, text), ""),
        (basic(text, "x-oauth-basic"), ""),
        (carrying(X_Api_Key=text, X_Auth_Token=text, Cookie=f"token={text}"), ""),
        (carrying(), "?" + urlencode(dict.fromkeys(["token", "access_token", "api_key", "auth"], text))),
    ]
    wrong, count = [], 0
    for route, address, method in cells(own):
        if rule := rule_for(route, method):
            for caller, query in callers:
                count += 1
                got = met(ask(caller, method, route, address + query, body_of(route, method, own)))
                if got not in (expected(rule)["anonymous"], NOT_LISTED):
                    wrong.append(f"{method} {route.path}{query and '?token'}: {got}")
    assert not wrong, "\n".join(wrong)
    record_property("cells: Basic and tokens elsewhere", count)


def addresses_with_substitutes(route: Route, own: World, others: list) -> Iterator[list[str]]:
    """Groups of addresses that nobody may tell apart.

    Each argument is ours or one of the `others`; what comes first that is not ours decides what may be
    found out, so addresses are alike when they are ours up to the same argument.
    """
    for position in range(len(route.arguments)):
        before = [own.id_of(name) for name in route.arguments[:position]]
        here = [other.id_of(route.arguments[position]) for other in others]
        after = [
            [own.id_of(name), *(other.id_of(name) for other in others)] for name in route.arguments[position + 1 :]
        ]
        yield [route.filled(*before, *rest) for rest in itertools.product(here, *after)]


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
def test_another_projects_things_look_like_deleted_ones_and_like_none(own, foreign, everybody, record_property):
    others = [foreign, gone_world("GONE", numbers_from=700), Nowhere()]
    count = 0
    for route in product_routes():
        if EXPECTED["routes"][route.path].get("is_known_by_secret"):
            continue
        for method in filter(lambda method: rule_for(route, method), METHODS):
            body = body_of(route, method, own)
            for addresses in addresses_with_substitutes(route, own, others):
                for identity in ("viewer", "member", "owner", "former", "reader", "director"):
                    client = everybody[identity]
                    answers = [told(ask(client, method, route, address, body), address) for address in addresses]
                    about = f"{method} {route.path} {identity}"
                    assert answers == [answers[0]] * len(answers), about
                    assert answers[0][0] in (302, 401, 403, 404, 405), about
                    count += len(answers)
    record_property("cells: foreign, mixed, deleted and random ids", count)


@pytest.mark.req("Z6")
def test_no_list_count_or_page_for_others_holds_anything_of_the_project(own, foreign, everybody):
    secrets = re.compile(f"OWN secret|OWN label|OWN-devs|{own.run.pk}|/projects/OWN/")
    shown = secrets.findall(ask(everybody["owner"], "GET", *page_of("projects/<str:key>/", own), {}).content.decode())
    assert {"OWN secret", "/projects/OWN/"} <= set(shown)
    for route in product_routes():
        address = route.filled(*map(foreign.id_of, route.arguments))
        for identity in ("anonymous", "outsider", "admin", "former", "narrowed", "stranger"):
            answer = ask(everybody[identity], "GET", route, address, {})
            assert not secrets.findall(answer.getvalue().decode(errors="replace")), (address, identity)


def page_of(path: str, there: World) -> tuple[Route, str]:
    route = next(route for route in product_routes() if route.path == path)
    return route, route.filled(*map(there.id_of, route.arguments))


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
                is_door = address in ("/admin/login/", "/admin/logout/", "/admin/password_change/", "/admin/jsi18n/")
                if outcome != "in" and got == "in" and not is_door:
                    wrong.append(f"{method} {address} {identity}: {got}")
    assert not wrong, "\n".join(wrong)
    assert ask(everybody["admin"], "GET", plain[0][0], "/admin/", {}).status_code == 200


def test_every_message_of_the_socket_has_an_entry_and_every_entry_a_message():
    assert {*ProjectConsumer.message_types, *frames.ephemeral_kinds()} == set(EXPECTED["socket"]["messages"])
