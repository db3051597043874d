"""Who may bring in, promote and remove whom; and what becomes of the log."""

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.errors import NotAllowed
from apps.projects import permissions
from apps.projects.members import memberships
from apps.projects.models import Event, Membership, Role
from apps.projects.permissions import Action
from apps.projects.tests.factories import MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db
BY_RANK = [Role.OWNER, Role.MAINTAINER, Role.MEMBER, Role.COMMENTER, Role.VIEWER]


def logged(kind: str) -> list[dict]:
    return list(Event.objects.filter(kind=kind).order_by("seq").values_list("payload", flat=True))


def is_allowed(verb) -> bool:
    """Whether `verb` goes through; whatever it does is taken back."""
    with transaction.atomic():
        try:
            verb()
        except NotAllowed:
            return False
        finally:
            transaction.set_rollback(True)
    return True


def reaches(role: str, *others: str) -> bool:
    return role in (Role.OWNER, Role.MAINTAINER) and all(
        BY_RANK.index(role) <= BY_RANK.index(other) for other in others
    )


def test_a_commenter_looks_and_comments_and_nothing_else():
    assert {action for action in Action if permissions.role_may(Role.COMMENTER, action)} == {
        Action.VIEW,
        Action.COMMENT,
    }


def test_the_database_knows_the_roles(people):
    people["viewer"].role = "emperor"
    with pytest.raises(IntegrityError):
        people["viewer"].save()


@pytest.mark.req("Z7")
def test_nobody_gives_a_role_above_their_own(tide, people, cy):
    for by in BY_RANK:
        for role in BY_RANK:
            verb = partial(memberships.invite, tide, cy, role=role, by=people[by].user)
            assert is_allowed(verb) == reaches(by, role), (by, role)


@pytest.mark.req("Z7")
def test_nobody_changes_a_role_above_their_own_nor_to_one(tide, people):
    for by in BY_RANK:
        for before in BY_RANK:
            other = MembershipFactory(project=tide, role=before)
            for role in BY_RANK:
                verb = partial(memberships.set_role, other, role=role, by=people[by].user)
                assert is_allowed(verb) == reaches(by, before, role), (by, before, role)


@pytest.mark.req("Z7")
def test_nobody_raises_themselves(people):
    for by in BY_RANK[1:]:
        with pytest.raises(NotAllowed):
            memberships.set_role(people[by], role=Role.OWNER, by=people[by].user)
    with pytest.raises(NotAllowed):
        memberships.hand_over(people["member"], by=people["maintainer"].user)


@pytest.mark.req("Z7")
def test_nobody_removes_somebody_above_them(tide, people):
    for by in BY_RANK:
        for role in BY_RANK:
            other = MembershipFactory(project=tide, role=role)
            verb = partial(memberships.remove, other, by=people[by].user)
            assert is_allowed(verb) == reaches(by, role), (by, role)


def test_an_outsider_or_a_closed_account_does_nothing(tide, people, cy):
    with pytest.raises(NotAllowed):
        memberships.remove(people["viewer"], by=cy)
    User.objects.filter(pk=people["owner"].user_id).update(is_active=False)
    with pytest.raises(NotAllowed):
        memberships.remove(people["viewer"], by=User.objects.get(pk=people["owner"].user_id))


def test_everybody_may_remove_themselves(people):
    for role in BY_RANK[1:]:
        memberships.remove(people[role], by=people[role].user)
    assert Membership.objects.get().role == Role.OWNER


@pytest.mark.req("Z7")
@pytest.mark.parametrize("second", ["none", "account closed"])
def test_the_last_owner_stays_and_stays_owner(tide, people, second):
    owner = people["owner"]
    if second == "account closed":
        MembershipFactory(project=tide, role=Role.OWNER, user__is_active=False)
    for verb in (
        partial(memberships.remove, owner, by=owner.user),
        partial(memberships.set_role, owner, role=Role.MEMBER, by=owner.user),
    ):
        with pytest.raises(memberships.LastOwner):
            verb()
    owner.refresh_from_db()
    assert owner.role == Role.OWNER
    assert not Event.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.req("Z7")
@pytest.mark.parametrize("how", ["leave", "step down"])
def test_of_two_owners_who_go_at_once_one_stays(tide, how):
    both = [MembershipFactory(project=tide, role=Role.OWNER) for _ in range(2)]
    for _ in range(5):
        at_once = threading.Barrier(2)

        def go(owner: Membership, at_once=at_once) -> bool:
            at_once.wait(60)
            try:
                if how == "leave":
                    memberships.remove(owner, by=owner.user)
                else:
                    memberships.set_role(owner, role=Role.MEMBER, by=owner.user)
            except memberships.LastOwner:
                return False
            finally:
                connection.close()
            return True

        with ThreadPoolExecutor(2) as pool:
            assert sorted(pool.map(go, both)) == [False, True]
        assert Membership.objects.filter(role=Role.OWNER).count() == 1
        Membership.objects.filter(project=tide).delete()
        both = [Membership.objects.create(project=tide, user=owner.user, role=Role.OWNER) for owner in both]


def test_handing_over_makes_them_owner_and_oneself_a_maintainer(people):
    memberships.hand_over(people["member"], by=people["owner"].user)
    roles = dict(Membership.objects.values_list("user__name", "role"))
    assert (roles["Member"], roles["Owner"]) == (Role.OWNER, Role.MAINTAINER)


def test_handing_over_to_a_closed_account_changes_nothing(tide, people):
    closed = MembershipFactory(project=tide, user__is_active=False)
    with pytest.raises(memberships.LastOwner):
        memberships.hand_over(closed, by=people["owner"].user)
    closed.refresh_from_db()
    assert closed.role == Role.MEMBER


def test_an_agent_decides_about_nobody(tide, people):
    agent = User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal")
    joined = memberships.join(tide, agent, by=None)
    for role in (Role.OWNER, Role.MAINTAINER):
        with pytest.raises(memberships.NotForAgents):
            memberships.set_role(joined, role=role, by=people["owner"].user)
        with pytest.raises(memberships.NotForAgents):
            memberships.join(tide, agent, role=role, by=None)
    with pytest.raises(memberships.NotForAgents):
        memberships.hand_over(joined, by=people["owner"].user)
    assert memberships.set_role(joined, role=Role.COMMENTER, by=people["owner"].user).role == Role.COMMENTER


def test_each_change_is_logged_with_old_and_new(tide, people, cy):
    owner = people["owner"].user
    joined = memberships.invite(tide, cy, role=Role.VIEWER, by=owner)
    memberships.set_role(joined, role=Role.MEMBER, by=owner)
    memberships.set_role(joined, role=Role.MEMBER, by=owner)  # nothing to log
    memberships.remove(joined, by=owner)
    who = {"user": cy.pk, "name": "Cy Outside"}
    assert logged("member.joined") == [who | {"role": "viewer"}]
    assert logged("member.role_changed") == [who | {"before": "viewer", "role": "member"}]
    assert logged("member.left") == [who | {"before": "member"}]
    assert set(Event.objects.values_list("actor", flat=True)) == {owner.pk}


def test_who_is_in_is_not_brought_in_again(tide, people):
    with pytest.raises(memberships.AlreadyAMember):
        memberships.invite(tide, people["viewer"].user, role=Role.MEMBER, by=people["owner"].user)


def test_what_comes_after_a_removal_is_refused(people):
    again = Membership.objects.get(pk=people["viewer"].pk)
    memberships.remove(people["viewer"], by=people["owner"].user)
    with pytest.raises(memberships.NotAMember):
        memberships.set_role(again, role=Role.MEMBER, by=people["owner"].user)


def test_people_are_found_by_what_is_typed_in_full(db):
    ben = UserFactory(name="Ben Okoro", username="ben")
    namesake = UserFactory(name="Ben", username="other-ben")
    assert memberships.find_person("BEN") == ben  # the username comes first
    assert memberships.find_person("ben okoro") == ben
    assert memberships.find_person("other-ben") == namesake


def test_nobody_several_closed_and_agents_are_answered_alike(db):
    for username in ("sam-1", "sam-2"):
        UserFactory(name="Sam", username=username)
    UserFactory(name="Gone", is_active=False)
    User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal")
    answers = set()
    for words in ("Sam", "Gone", "Scribe", "agent-scribe", "sam-", "", "%"):
        with pytest.raises(memberships.UnknownPerson) as refusal:
            memberships.find_person(words)
        answers.add(str(refusal.value.message))
    assert len(answers) == 1
