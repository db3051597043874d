"""Groups of the provider give roles, raise, lower and take them; what people gave by hand stays."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection

from apps.accounts import signals
from apps.accounts.models import User
from apps.projects.members import group_grants, group_roles_check, memberships
from apps.projects.models import Event, GroupGrant, Membership, Role
from apps.projects.tests.factories import MembershipFactory, ProjectFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("L24")]
DEVS, LEADS = "board-devs", "board-leads"


def grant(project, group: str, role: str) -> GroupGrant:
    return GroupGrant.objects.create(group=group, project=project, role=role)


def sign_in(person: User, *groups: str) -> None:
    """As the OIDC core tells it."""
    signals.groups_known.send(User, user=person, groups=frozenset(groups))


def role_in(project, person: User) -> str | None:
    return Membership.objects.filter(project=project, user=person).values_list("role", flat=True).first()


def logged() -> list[tuple]:
    return [
        (event.kind, event.payload.get("before"), event.payload.get("role")) for event in Event.objects.order_by("seq")
    ]


def test_a_group_brings_in_raises_lowers_and_takes_out(tide, people, cy):
    grant(tide, DEVS, Role.MEMBER)
    grant(tide, LEADS, Role.MAINTAINER)
    for groups, role in [([DEVS], "member"), ([DEVS, LEADS], "maintainer"), ([DEVS], "member"), (["x"], None)]:
        sign_in(cy, *groups)
        assert role_in(tide, cy) == role
    assert logged() == [
        ("member.joined", None, "member"),
        ("member.role_changed", "member", "maintainer"),
        ("member.role_changed", "maintainer", "member"),
        ("member.left", "member", None),
    ]


def test_group_sync_without_change_takes_three_queries(tide, people, cy, django_assert_num_queries):
    grant(tide, DEVS, Role.MEMBER)
    sign_in(cy, DEVS)
    with django_assert_num_queries(3):
        sign_in(cy, DEVS)
    assert len(logged()) == 1


@pytest.mark.parametrize(("manual_role", "both"), [("viewer", "member"), ("maintainer", "maintainer")])
def test_what_was_given_by_hand_stays_and_the_higher_counts(tide, people, manual_role, both):
    person = people[manual_role].user
    grant(tide, DEVS, Role.MEMBER)
    sign_in(person, DEVS)
    assert role_in(tide, person) == both
    sign_in(person)
    assert role_in(tide, person) == manual_role


def test_manual_role_outlasts_the_group(tide, people, cy):
    grant(tide, DEVS, Role.VIEWER)
    sign_in(cy, DEVS)
    memberships.set_role(Membership.objects.get(user=cy), role=Role.MEMBER, by=people["owner"].user)
    sign_in(cy)
    assert role_in(tide, cy) == Role.MEMBER


def test_people_take_nothing_away_that_a_group_gives(tide, people, cy):
    grant(tide, DEVS, Role.MEMBER)
    sign_in(cy, DEVS)
    owner, theirs = people["owner"].user, Membership.objects.get(user=cy)
    for verb in (
        lambda: memberships.set_role(theirs, role=Role.VIEWER, by=owner),
        lambda: memberships.remove(theirs, by=owner),
        lambda: memberships.remove(theirs, by=cy),
    ):
        with pytest.raises(memberships.ByGroup):
            verb()
    assert role_in(tide, cy) == Role.MEMBER


def test_what_a_group_gave_a_closed_account_may_be_taken_by_hand(tide, people, cy):
    grant(tide, DEVS, Role.MEMBER)
    sign_in(cy, DEVS)
    User.objects.filter(pk=cy.pk).update(is_active=False)
    memberships.remove(Membership.objects.get(user=cy), by=people["owner"].user)
    assert role_in(tide, cy) is None


@pytest.mark.req("Z7")
def test_groups_never_take_the_last_owner(tide, cy):
    owners = grant(tide, LEADS, Role.OWNER)
    sign_in(cy, LEADS)
    sign_in(cy)
    assert role_in(tide, cy) == Role.OWNER
    owners.role = Role.MEMBER
    owners.save()
    sign_in(cy, LEADS)
    assert role_in(tide, cy) == Role.OWNER
    MembershipFactory(project=tide, role=Role.OWNER)
    sign_in(cy, LEADS)
    assert role_in(tide, cy) == Role.MEMBER


def test_a_group_is_known_by_its_whole_name(tide, people, cy):
    grant(tide, DEVS, Role.MEMBER)
    sign_in(cy, DEVS.upper(), DEVS[:-1], DEVS + " ")
    assert role_in(tide, cy) is None


def test_agents_and_people_of_other_projects_are_left_alone(tide, people):
    grant(tide, DEVS, Role.MEMBER)
    scribe = User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal")
    other = MembershipFactory()
    sign_in(scribe, DEVS)
    sign_in(other.user, "somewhere else")
    assert role_in(tide, scribe) is None
    assert Membership.objects.filter(pk=other.pk, role=other.role).exists()


def test_the_setting_counts_like_the_table(tide, people, cy, settings):
    docs = ProjectFactory(key="DOCS")
    settings.GROUP_ROLES = ["board-devs=TIDE:viewer", " a=b:c = docs:commenter ", "board-devs=GONE:owner"]
    grant(tide, DEVS, Role.MEMBER)
    sign_in(cy, DEVS, "a=b:c")
    assert (role_in(tide, cy), role_in(docs, cy)) == (Role.MEMBER, Role.COMMENTER)


def test_a_wrong_piece_of_the_setting_is_named_before_the_start(settings):
    settings.GROUP_ROLES = ["board-devs=TIDE:member", "board-devs", "devs=TIDE:king", "=TIDE:member", "devs=:member"]
    errors = [error.msg for error in group_roles_check.group_roles(None)]
    assert len(errors) == 4
    for error, piece in zip(errors, settings.GROUP_ROLES[1:], strict=True):
        assert error.startswith("GROUP_ROLES: ")
        assert f"“{piece}”" in error


def test_a_closed_account_gets_nothing_while_it_is_closed(tide, people, cy):
    sign_in(cy, DEVS)
    User.objects.filter(pk=cy.pk).update(is_active=False)
    grant(tide, DEVS, Role.MEMBER)
    group_grants.sync_everybody(by=people["owner"].user)
    assert role_in(tide, cy) is None


def test_grant_preview_names_changes_and_makes_none(tide, people, cy):
    viewer, member = people["viewer"].user, people["member"].user
    sign_in(cy)
    memberships.grant(tide, cy, role=Role.MEMBER)
    memberships.grant(tide, member, role=Role.COMMENTER)
    everybody = [(cy, frozenset()), (viewer, frozenset({DEVS})), (member, frozenset())]
    changes = group_grants.preview([group_grants.Grant(DEVS, tide.pk, Role.MEMBER)], everybody)
    assert {(str(change.user), change.before, change.after) for change in changes} == {
        ("Cy Outside", "member", None),
        ("Viewer", "viewer", "member"),
        ("Member", "member", "member"),
    }
    assert role_in(tide, cy) == Role.MEMBER
    group_grants.apply(changes)
    assert (role_in(tide, cy), role_in(tide, viewer), role_in(tide, member)) == (None, "member", "member")


def test_the_database_keeps_a_role_that_somebody_gave(tide, people):
    member = people["member"]
    member.group_role = Role.VIEWER
    with pytest.raises(IntegrityError):
        member.save()


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("Z7")
@pytest.mark.parametrize("groups", [({DEVS}, {DEVS}), ({DEVS}, {LEADS}), ({DEVS}, set())])
def test_sign_ins_at_once_end_as_the_last_of_them(tide, cy, groups):
    docs = ProjectFactory(key="DOCS")
    for project in (tide, docs):
        MembershipFactory(project=project, role=Role.OWNER)
        grant(project, DEVS, Role.MEMBER)
        grant(project, LEADS, Role.MAINTAINER)
    at_once = threading.Barrier(4)

    def go(names: set[str]) -> None:
        at_once.wait(60)
        try:
            sign_in(cy, *names)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(go, groups * 2))
    last = Event.objects.filter(project=tide).order_by("seq").last()
    assert role_in(tide, cy) == last.payload.get("role")
    for project in (tide, docs):
        kinds = list(project.events.order_by("seq").values_list("kind", flat=True))
        assert kinds.count("member.joined") - kinds.count("member.left") == (role_in(project, cy) is not None)
