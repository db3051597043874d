"""Every page with every name written from the right: each is isolated, so that the words around it keep their order."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from django.apps import apps
from django.db.models import Field
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.agents.gateways.openclaw_client import RemoteAgent
from apps.agents.roster.actions.import_agents import Offer
from apps.names import NameField
from apps.projects.members import invitations
from apps.projects.models import Commit, PullRequest
from apps.projects.tests.factories import UserFactory
from apps.tasks.actions.assign import assign
from apps.tasks.actions.comment import comment
from apps.tasks.actions.create import create
from apps.tasks.actions.move import move
from tests.authz.cast import World, session, world
from tests.authz.test_matrix import product_routes

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-33")]
HEBREW = re.compile("[\u0590-\u05ff]")
ISOLATED = re.compile("\u2068[^\u2069]*\u2069")
VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta", "use", "path"}
# Elements that hold nothing but text, which browsers draw on their own, and what is not drawn.
ALONE = {"option", "textarea", "script", "style", "title"}
SPOKEN = {"alt", "aria-label", "title", "placeholder"}


def named_fields() -> Iterator[Field]:
    for model in apps.get_models():
        yield from (field for field in model._meta.fields if isinstance(field, NameField))


@pytest.fixture
def hebrew(db) -> World:
    """The cast, everything in it renamed, and some events that tell of the new names."""
    there = world("OWN")
    for field in named_fields():
        if field.name != "username":
            for pk in field.model._default_manager.values_list("pk", flat=True):
                field.model._default_manager.filter(pk=pk).update(**{field.name: f"אורן {str(pk)[:8]}"})
    PullRequest.objects.update(title="אורן א", author="אורן")
    Commit.objects.update(message="אורן ב", author_name="אורן")
    for name in ("project", "owner", "person", "task", "agent", "column", "room"):
        getattr(there, name).refresh_from_db()
    for each in (there.project, there.owner):
        each.refresh_from_db()
    subtask = create(there.project, title="אורן ג", parent=there.task, by=there.owner)
    move(subtask, to=there.project.columns.get(category="doing"), by=there.owner)
    assign(subtask, to=there.person, by=there.owner)
    comment(subtask, text="אורן", by=there.owner)
    return there


class Names(HTMLParser):
    """Collects what stands in Hebrew where nothing keeps its order."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.loose: list[str] = []
        self.kept = 0

    def handle_starttag(self, tag: str, attributes: list) -> None:
        for name, value in attributes:
            if name in SPOKEN and value and HEBREW.search(ISOLATED.sub("", value)) and not value.startswith("אורן"):
                self.loose.append(f"{name}={value}")
        if tag not in VOID:
            self.open.append((tag, tag == "bdi" or ("dir", "auto") in attributes))

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, text: str) -> None:
        if not HEBREW.search(text) or len(text.strip()) <= 2:  # initials stand alone
            return
        is_alone = any(tag in ALONE - {"title"} for tag, _keeps in self.open)
        if is_alone or any(keeps for _tag, keeps in self.open) or not HEBREW.search(ISOLATED.sub("", text)):
            self.kept += 1
        else:
            self.loose.append(f"{'>'.join(tag for tag, _keeps in self.open[-3:])}: {text.strip()}")


def test_names_keep_order_on_every_page(hebrew):
    client = session(hebrew.owner)
    pages = [
        (route.path, client.get(route.filled(*map(hebrew.id_of, route.arguments)) + more))
        for route in product_routes()
        for more in ("", "?full")
    ]
    assert_order_is_kept(pages, at_least=200)


def assert_order_is_kept(pages: list[tuple[str, HttpResponse]], *, at_least: int) -> None:
    loose, kept = [], 0
    for path, page in pages:
        if page.headers.get("Content-Type", "").startswith("text/html"):
            names = Names()
            names.feed(page.content.decode())
            kept += names.kept
            loose += [f"{path} {each}" for each in names.loose]
    assert not loose, "\n".join(dict.fromkeys(loose))
    assert kept > at_least


def test_names_keep_order_for_who_is_invited(hebrew):
    outsider = UserFactory(name="אורן ד")
    path = f"/join/{hebrew.join}/"
    pages = [(path, each.get(path)) for each in (Client(), session(outsider))]
    assert [page.status_code for _path, page in pages] == [200, 200]
    invitations.revoke(hebrew.invitation, by=hebrew.owner)
    pages += [(path, each.get(path)) for each in (Client(), session(outsider))]
    assert_order_is_kept(pages, at_least=8)


def test_names_keep_order_on_the_admins_own_pages(hebrew, monkeypatch):
    ours = [RemoteAgent("a1", "אורן ה"), RemoteAgent("a2", "אורן ח")]
    offers = [Offer(ours[0], ""), Offer(ours[1], "Taken.")]
    monkeypatch.setattr("apps.agents.gateways.admin.offers_of", lambda gateway, by: offers)
    client = session(User.objects.create_superuser("root", name="Root"))
    newcomer = UserFactory(name="אורן ז")
    paths = [
        *(reverse("admin:accounts_user_reset_password", args=[each.pk]) for each in (hebrew.person, newcomer)),
        reverse("admin:agents_gateway_import", args=[hebrew.agent.gateway_id]),
    ]
    pages = [(path, client.get(path)) for path in paths] + [(paths[0], client.post(paths[0]))]
    assert [page.status_code for _path, page in pages] == [200] * 4
    assert_order_is_kept(pages, at_least=8)
