"""The pages of the administration, in a browser."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from apps.accounts import audit
from apps.agents.tests.factories import agent_in
from apps.projects.models import GroupGrant
from apps.projects.tests.factories import UserFactory
from tests.e2e.conftest import faults_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def root():
    return UserFactory(name="Root", is_staff=True, is_superuser=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_any_of_them(visit, board, root, scheme):
    gateway = agent_in(board, "Scribe").gateway
    grant = GroupGrant.objects.create(project=board, group="devs", role="member")
    entry = audit.record("agent.added", by=root, name="Scribe")
    page = visit(root, "/admin/", color_scheme=scheme)
    lists = ["agents_agent", "agents_gateway", "accounts_user", "accounts_auditentry", "projects_groupgrant"]
    addresses = [
        "/admin/",
        *(reverse(f"admin:{name}_changelist") for name in lists),
        reverse("admin:agents_gateway_change", args=[gateway.pk]),
        reverse("admin:agents_agent_add"),
        reverse("admin:projects_groupgrant_change", args=[grant.pk]),
        reverse("admin:accounts_auditentry_change", args=[entry.pk]),
        reverse("admin:projects_groupgrant_delete", args=[grant.pk]),
    ]
    faults = {}
    for address in addresses:
        page.goto(address)
        faults[address] = faults_of(page)
    assert {address: found for address, found in faults.items() if found} == {}


def test_the_chosen_theme_is_the_admins_too(visit, root):
    root.theme = "dark"
    root.save()
    page = visit(root, "/admin/", color_scheme="light")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    root.theme = "light"
    root.save()
    page.goto("/admin/")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != dark


def test_its_password_and_its_way_out_are_the_boards(visit, root):
    page = visit(root, "/admin/password_change/")
    expect(page).to_have_url("/accounts/profile/")
    page.goto("/admin/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto("/admin/")
    expect(page).not_to_have_title("Site administration · Team Board")


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_nothing_makes_a_page_wider_than_the_window(visit, board, root, width):
    agent_in(board, "Scribe")
    page = visit(root, reverse("admin:accounts_user_changelist"), viewport=(width, 800))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
