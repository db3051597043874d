"""Every door that takes a name refuses one that cannot be seen or turns the line, at its field."""

import itertools
import json

import pytest

from apps.projects.tests.factories import UserFactory
from apps.tasks.models import Task
from tests.authz.bodies import BODIES, GUEST
from tests.authz.cast import World, session, world
from tests.authz.test_matrix import product_routes, send

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-33")]
BAD = ["a\u202eb", "a\nb", "a\u200bb", "\u3164", "a\x07b"]


@pytest.fixture
def own(db) -> World:
    UserFactory(username=GUEST, name="Guest")
    return world("OWN")


def test_names_are_refused_at_every_door(own, settings):
    settings.API_WRITES_PER_MINUTE = 10**6
    owner, person = session(own.owner), session(own.person)
    admin = session(UserFactory(is_staff=True, is_superuser=True))
    others = {"api/v1/agents/": admin, "accounts/preferences/": person}  # the owner's name is the provider's
    tried, wrong = set(), []
    for route in product_routes():
        client = next((other for start, other in others.items() if route.path.startswith(start)), owner)
        address = route.filled(*map(own.id_of, route.arguments))
        for method in ("POST", "PATCH", "PUT"):
            make = BODIES.get(f"{method} {route.path}")
            body = make(own) if make else {}
            for field, bad in itertools.product({"title", "name"} & body.keys(), BAD):
                tried.add(f"{method} {route.path}")
                answer = send(client, method, route, address, {**body, field: bad})
                if answer.status_code not in (400, 422):
                    wrong.append(f"{method} {route.path} {field}={bad!r}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert len(tried) >= 10, tried


def test_task_command_refuses_what_turns_the_line(own):
    client = session(own.owner)
    route = next(route for route in product_routes() if route.path == "projects/<str:key>/chat/<int:pk>/messages/")
    before = Task.objects.count()
    for bad in BAD[:3]:
        body = {"text": f"/task {bad}", "client_message_id": "00000000-0000-4000-8000-000000000001"}
        answer = send(client, "POST", route, route.filled(own.project.key, own.room.pk), body)
        assert answer.status_code == 422
    assert Task.objects.count() == before


def test_api_says_which_field(own):
    client = session(own.owner)
    body = json.dumps({"title": "a\u202eb"})
    answer = client.post(f"/api/v1/projects/{own.project.key}/tasks/", body, "application/json")
    assert answer.status_code == 400
    assert "U+202E" in str(answer.json()["fields"]["title"] if "fields" in answer.json() else answer.json())
