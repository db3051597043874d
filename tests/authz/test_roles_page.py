"""docs/roles.md and the words for rights say what is so: each of their promises has a test, and no other is made."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.projects import permissions
from apps.projects.members import memberships
from apps.projects.models import Role
from apps.projects.permissions import Action
from apps.projects.tests.factories import MembershipFactory, UserFactory
from teamboard.rest.docs import schema
from tests.authz.bodies import GUEST
from tests.authz.cast import World, session, world
from tests.authz.test_matrix import ask, body_of, met, page_of

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-10")]
ROOT = Path(settings.BASE_DIR)
PAGE = (ROOT / "docs/roles.md").read_text()

# Each right, in the words of the pages, and a door of each thing that they name.
WORDS: dict[str, dict[str, list[str]]] = {
    Action.VIEW: {"look at the project": ["GET projects/<str:key>/", "GET projects/<str:key>/tasks/<int:number>/"]},
    Action.COMMENT: {"comment": ["POST projects/<str:key>/tasks/<int:number>/comment/"]},
    Action.WRITE: {
        "create": ["POST projects/<str:key>/tasks/"],
        "edit": ["POST projects/<str:key>/tasks/<int:number>/edit/"],
        "move tasks": ["POST projects/<str:key>/tasks/<int:number>/move/"],
    },
    Action.RUN: {
        "assign agents": ["POST projects/<str:key>/tasks/<int:number>/assign/"],
        "decide on their results": ["POST runs/<uuid:pk>/accept/", "POST runs/<uuid:pk>/request-changes/"],
    },
    Action.MANAGE: {
        "members": [
            "POST projects/<str:key>/members/",
            "POST projects/<str:key>/members/<int:pk>/role/",
            "POST projects/<str:key>/members/<int:pk>/remove/",
            "POST projects/<str:key>/invitations/",
        ],
        "repositories": ["POST projects/<str:key>/settings/repositories/"],
        "rooms": ["POST projects/<str:key>/chat/new/", "POST projects/<str:key>/chat/<int:pk>/rename/"],
        "pause agents": ["POST projects/<str:key>/agents/pause/", "POST projects/<str:key>/agents/resume/"],
    },
    Action.OWN: {
        "hand the project over": ["POST projects/<str:key>/members/<int:pk>/hand-over/"],
        "read its audit": ["GET projects/<str:key>/audit/"],
    },
}
# What the sentences of the page begin with, and the tests that keep them.
GRANTS = "apps/projects/members/tests/test_group_grants.py"
INVITATIONS = "apps/projects/members/tests/test_invitations.py"
SERVICE = "apps/accounts/users/tests/test_service_accounts.py"
SERVICE_MEMBERS = "apps/projects/members/tests/test_service_account_members.py"
SITE = "apps/accounts/users/tests/test_site_roles.py"
PEOPLE = "apps/accounts/users/tests/test_people.py"
COMMAND = "apps/projects/members/tests/test_user_command.py"
ADMIN = "apps/projects/tests/test_admin.py"
MATRIX = "tests/authz/test_matrix.py"
HERE = "tests/authz/test_roles_page.py"
PROMISES: dict[str, list[str]] = {
    "**Site roles** are two": [f"{HERE}::test_site_roles_are_two"],
    "An administrator is not in a project": [f"{MATRIX}::test_everybody_meets_what_is_expected_at_every_door"],
    "**Roles of a project** are": [
        f"{HERE}::test_roles_of_a_project_are_those_of_the_page",
        f"{HERE}::test_each_right_opens_what_its_words_say",
        f"{HERE}::test_members_page_has_the_table",
    ],
    "Administrators make and unmake each other": [
        f"{SITE}::test_an_administrator_is_made_and_unmade",
        f"{SITE}::test_an_account_is_closed_and_opened",
    ],
    "Never oneself, never the last": [
        f"{SITE}::test_nobody_does_it_to_themselves_nor_to_the_last",
        f"{SITE}::test_last_administrator_with_password_stays",
        f"{SITE}::test_programs_are_never_administrators",
    ],
    "The account of somebody who owns a project alone": [
        f"{ADMIN}::test_account_of_only_owner_stays_open",
        f"{ADMIN}::test_possible_owners_are_members_first_then_anybody",
    ],
    "**People come** by Authentik": [f"{PEOPLE}::test_created_person_signs_in_once_they_have_a_password"],
    "Whoever manages a project creates invitation links": [
        f"{INVITATIONS}::test_link_works_once",
        f"{INVITATIONS}::test_closed_invitation_brings_nobody_in",
        f"{INVITATIONS}::test_maintainer_neither_invites_owners_nor_revokes_such_links",
        f"{INVITATIONS}::test_who_manages_nobody_invites_nobody",
    ],
    "Who has no account yet makes one there": [
        f"{INVITATIONS}::test_newcomer_makes_account_and_is_in_project",
        f"{INVITATIONS}::test_with_authentik_nobody_makes_an_account_by_link",
        f"{INVITATIONS}::test_without_passwords_nobody_makes_an_account_by_link",
    ],
    "A link ends as well when": [f"{INVITATIONS}::test_inviter_who_may_no_longer_give_the_role_gives_none"],
    "Administrators add people in the admin": [
        f"{PEOPLE}::test_admin_adds_person_and_shows_password_once",
        f"{PEOPLE}::test_reset_ends_old_password_and_sessions",
        f"{COMMAND}::test_user_reset_replaces_the_password",
        f"{COMMAND}::test_user_list_says_how_everybody_signs_in",
    ],
    "A password here takes somebody out": [
        "tests/authentik/test_people.py::test_who_has_a_password_here_is_ruled_here"
    ],
    "**Service accounts** are": [f"{SERVICE}::test_service_token_opens_api_and_audit_names_its_maker"],
    "They have tokens and nothing else": [
        f"{SERVICE}::test_nobody_signs_in_as_it",
        f"{SERVICE}::test_the_database_refuses_it_a_password",
        f"{SERVICE}::test_a_session_that_names_it_is_nobodys",
        f"{SERVICE}::test_it_is_never_an_administrator",
    ],
    "In a project they are members like people": [
        f"{SERVICE_MEMBERS}::test_it_is_invited_and_changed_like_people_and_owns_nothing"
    ],
    "Administrators make them": [
        f"{SERVICE}::test_the_admin_adds_one_and_shows_its_token_once",
        f"{SERVICE}::test_the_admin_lists_its_tokens_and_revokes_them",
        f"{SERVICE_MEMBERS}::test_service_account_command_gives_roles_and_token",
        f"{SERVICE_MEMBERS}::test_the_command_lists_gives_tokens_and_closes",
    ],
    "Closing one revokes its tokens": [f"{SERVICE}::test_closing_revokes_its_tokens_for_good"],
    "What it writes is marked": [f"{SERVICE_MEMBERS}::test_what_it_writes_is_marked"],
    "A grant says": [f"{GRANTS}::test_a_group_brings_in_raises_lowers_and_takes_out"],
    "Grants stand in a table": [f"{ADMIN}::test_a_grant_is_shown_before_it_is_saved_and_then_done"],
    "A piece of it that says nothing": [f"{GRANTS}::test_a_wrong_piece_of_the_setting_is_named_before_the_start"],
    "Both count together": [f"{GRANTS}::test_the_setting_counts_like_the_table"],
    "A grant that is saved, changed or deleted": [
        f"{ADMIN}::test_a_grant_is_shown_before_it_is_saved_and_then_done",
        f"{ADMIN}::test_another_role_and_a_deletion_are_shown_and_done_too",
    ],
    "What the setting says reaches people": [f"{HERE}::test_setting_reaches_people_with_the_next_sync"],
    "Groups are looked at again": [
        "tests/authentik/test_people.py::test_groups_give_roles_at_each_sign_in",
        "tests/authentik/test_bearer.py::test_groups_and_accounts_are_asked_each_time",
    ],
    "Who left a group loses": [
        f"{GRANTS}::test_a_group_brings_in_raises_lowers_and_takes_out",
        "tests/e2e/test_members.py::test_who_is_removed_is_gone_within_a_heartbeat",
    ],
    "What people gave by hand is kept apart": [f"{GRANTS}::test_what_was_given_by_hand_stays_and_the_higher_counts"],
    "Where both are there": [f"{GRANTS}::test_manual_role_outlasts_the_group"],
    "People can't lower or remove by hand": [f"{GRANTS}::test_people_take_nothing_away_that_a_group_gives"],
    "They may raise it": [f"{GRANTS}::test_people_take_nothing_away_that_a_group_gives"],
    "The last owner of a project stays owner": [f"{GRANTS}::test_groups_never_take_the_last_owner"],
    "Local people and agents have no groups": [f"{GRANTS}::test_agents_and_people_of_other_projects_are_left_alone"],
    "A group is known by its whole name": [f"{GRANTS}::test_a_group_is_known_by_its_whole_name"],
}

# Other pages that said more than was so, and what keeps them now.
COMPOSE = "teamboard/launch/tests/test_compose.py"
ELSEWHERE: dict[tuple[str, str], list[str]] = {
    (".env.example", 'is told to stop says "not ready" at /readyz and answers on'): [
        "teamboard/launch/tests/test_web_server.py::test_stop_drains_before_it_ends"
    ],
    ("README.md", "web and worker may run any number of"): [f"{COMPOSE}::test_compose_web_may_be_scaled"],
    ("docs/git.md", "is made anew by the next fetch"): [
        "apps/projects/git/mirror/tests/test_damage.py::test_damaged_mirror_heals_with_next_fetch"
    ],
    (".env.example", "the agents' pages say so"): [
        "apps/agents/roster/tests/test_practice_marks.py::test_agent_is_marked_on_every_page_if_it_practises"
    ],
}


def sentences() -> list[str]:
    """Those of the page, without its headings, tables and code."""
    prose = re.sub(r"^(#|\|)[^\n]*\n|^```.*?^```", "", PAGE, flags=re.MULTILINE | re.DOTALL)
    blocks = re.split(r"\n\n|\n(?=- )", prose)
    joined = [re.sub(r"\s+", " ", block).strip().removeprefix("- ") for block in blocks]
    return [sentence for block in joined for sentence in re.split(r"(?<=[.:])\s+(?=[A-Z*])", block) if sentence]


def test_each_promise_of_the_page_has_a_test():
    unkept = [each for each in sentences() if not any(each.startswith(beginning) for beginning in PROMISES)]
    assert not unkept, "Write a test, and name it here."
    gone = [beginning for beginning in PROMISES if not any(each.startswith(beginning) for each in sentences())]
    assert not gone, "The page says this no longer."


@pytest.mark.parametrize("promise", PROMISES)
def test_the_tests_of_a_promise_are_there(promise):
    assert PROMISES[promise]
    for test in PROMISES[promise]:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(), test


@pytest.mark.parametrize(("page", "words"), ELSEWHERE)
def test_the_tests_of_other_pages_are_there(page, words):
    assert words in (ROOT / page).read_text()
    for test in ELSEWHERE[page, words]:
        path, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text(), test


def test_site_roles_are_two():
    admin, other = (UserFactory(is_staff=is_admin, is_superuser=is_admin) for is_admin in (True, False))
    statuses = [session(each).get("/admin/").status_code for each in (admin, other)]
    assert statuses == [200, 302]


def test_roles_of_a_project_are_those_of_the_page():
    """And its table says of each what the code does."""
    head, _line, *rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("|")
    ]
    columns = [[Action.VIEW], [Action.COMMENT], [Action.WRITE, Action.RUN], [Action.MANAGE], [Action.OWN]]
    assert len(head) == len(columns) + 1
    assert sorted(row[0] for row in rows) == sorted(Role.values)
    for role, *cells in rows:
        for cell, actions in zip(cells, columns, strict=True):
            assert {permissions.role_may(role, action) for action in actions} == {cell == "yes"}, (role, actions)
    named = "owner, maintainer, member, commenter and viewer"
    assert f"**Roles of a project** are {named}" in PAGE
    assert re.split(", | and ", named) == Role.values


@pytest.fixture
def own() -> World:
    UserFactory(username=GUEST, name="Guest")
    return world("OWN")


def outcome(client: Client, door: str, own: World) -> str:
    method, _, path = door.partition(" ")
    route, address = page_of(path, own)
    body = {"to": own.agent.user_id} if path.endswith("/assign/") else body_of(route, method, own)
    return met(ask(client, method, route, address, body))


def test_each_right_opens_what_its_words_say(own):
    """Every thing that a right's words name opens to the roles that have it, and to no other."""
    assert list(WORDS) == list(Action)
    for action, named in WORDS.items():
        label = str(Action(action).label)
        rest = label
        for words in named:
            assert words in label
            rest = rest.replace(words, "", 1)
        assert not re.sub(r"\b(manage|and|tasks)\b|[ ,]", "", rest), f"“{label}” promises more than is tried: {rest}"
    clients = {role: session(MembershipFactory(project=own.project, role=role).user) for role in Role.values}
    wrong = []
    for role, client in clients.items():
        for action, named in WORDS.items():
            wanted = "in" if permissions.role_may(role, action) else "no"
            for door in (door for doors in named.values() for door in doors):
                if (got := outcome(client, door, own)) != wanted:
                    wrong.append(f"{role}: {door}: {got}, not {wanted}")
    assert not wrong, "\n".join(wrong)


def test_members_page_has_the_table(own):
    content = session(own.owner).get(reverse("projects:members", args=["OWN"])).content.decode()
    for action in Action:
        assert str(action.label) in content
    for role in Role:
        assert f"<dt>{str(role.label).capitalize()}</dt>" in content


def test_setting_reaches_people_with_the_next_sync(own, settings):
    from apps.projects.members import group_grants
    from apps.projects.models import KnownGroups

    cy = UserFactory(name="Cy")
    KnownGroups.objects.create(user=cy, names=["devs"])
    settings.GROUP_ROLES = ["devs=OWN:viewer"]
    assert not own.project.memberships.filter(user=cy).exists()
    group_grants.sync_everybody(by=None)
    assert own.project.memberships.get(user=cy).role == Role.VIEWER
    memberships.grant(own.project, cy, role=None)
    group_grants.sync(cy, frozenset({"devs"}))
    assert own.project.memberships.get(user=cy).role == Role.VIEWER


@pytest.mark.parametrize(
    ("thing", "paths"),
    [
        ("tasks", ["projects/{}/tasks/", "tasks/{}/"]),
        ("runs", ["runs/", "runs/{}/accept/"]),
        ("rooms", ["projects/{}/rooms/", "rooms/{}/messages/"]),
        ("repositories", ["projects/{}/repositories/", "repositories/{}/"]),
        ("members", ["projects/{}/members/", "projects/{}/members/{}/"]),
    ],
)
def test_api_has_what_its_page_names(thing, paths):
    known = {re.sub(r"{\w+}", "{}", path).removeprefix("/api/v1/") for path in schema()["paths"]}
    assert set(paths) <= known
    for text in (api_page(), (ROOT / "docs/api.md").read_text().partition("Make a token")[0]):
        assert thing in text


@pytest.mark.parametrize(
    ("thing", "word"),
    [
        ("merging", "merge"),
        ("hand-offs", "handoff"),
        ("webhook deliveries", "deliver"),
        ("exports", "export"),
        ("audit", "audit"),
        ("profile", "profile"),
    ],
)
def test_api_lacks_what_its_page_leaves_to_the_pages(thing, word):
    assert [path for path in schema()["paths"] if word in path] == []
    for text in (api_page(), (ROOT / "docs/api.md").read_text().partition("Make a token")[0]):
        assert thing in text.replace("Merging", "merging")


def api_page() -> str:
    return (ROOT / "templates/api_docs.html").read_text()
