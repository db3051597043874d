"""Whatever a field says, no door breaks: each body of bodies.py with one field at a time odd."""

from collections.abc import Iterator

import pytest

from tests.authz.bodies import BODIES
from tests.authz.cast import World
from tests.authz.test_matrix import ask, everybody, foreign, met, own, product_routes  # noqa: F401 - fixtures

pytestmark = [pytest.mark.django_db, pytest.mark.req("X7")]
TYPED = ["a\x00b", "9" * 5000, "\u202e\u200b"]  # a NUL, more digits than Python reads, nothing to be seen
JSON = ["\ud800", 10**30, [None], None]  # half a character, more than any column keeps


def odd(path: str, body: dict) -> Iterator[dict]:
    for name in body:
        for value in JSON if path.startswith("api/") else TYPED:
            yield body | {name: value}


def test_no_door_breaks(own: World, everybody):  # noqa: F811
    doors = {route.path: route for route in product_routes()}
    broken = []
    for door, make in BODIES.items():
        method, path = door.split(" ")
        route = doors[path]
        address = route.filled(*(own.id_of(name) for name in route.arguments))
        for body in odd(path, make(own)):
            outcome = met(ask(everybody["owner"], method, route, address, body))
            if outcome.startswith("an error"):
                broken.append(f"{door} {body}: {outcome}")
    assert not broken, "\n".join(broken)
