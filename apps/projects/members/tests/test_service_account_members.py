"""Service accounts in projects: members like people, but never owners."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse

from apps.accounts.models import User
from apps.accounts.tests.programs import Program
from apps.projects.members import group_grants, memberships
from apps.projects.models import GroupGrant, KnownGroups, Membership, Project, Role
from apps.projects.tests.factories import MembershipFactory, ProjectFactory
from apps.tasks.actions.create import create
from apps.tasks.tests.factories import BoardFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def tide(db) -> Project:
    return BoardFactory(key="TIDE")


@pytest.fixture
def ana(tide) -> User:
    return MembershipFactory(project=tide, user__name="Ana", role=Role.OWNER).user


@pytest.fixture
def ci(tide) -> User:
    return User.objects.create_service_account(username="ci", name="CI")


def command(*words: str) -> str:
    out = StringIO()
    call_command("service_account", *words, stdout=out)
    return out.getvalue()


def test_it_is_invited_and_changed_like_people_and_owns_nothing(client, tide, ana, ci):
    client.force_login(ana)
    page = reverse("projects:members", args=["TIDE"])
    client.post(page, {"who": "ci", "role": "maintainer"})
    membership = Membership.objects.get(user=ci)
    assert membership.role == Role.MAINTAINER
    rows = {row["user"]: row for row in client.get(page).context["rows"]}
    assert rows[ci]["roles"] == [Role.MAINTAINER, Role.MEMBER, Role.COMMENTER, Role.VIEWER]
    content = client.get(page).content.decode()
    assert "<bdi>ci</bdi> · service account" in content
    assert reverse("projects:hand-over", args=["TIDE", ci.pk]) not in content
    with pytest.raises(memberships.NotForServiceAccounts):
        memberships.set_role(membership, role=Role.OWNER, by=ana)
    with pytest.raises(memberships.NotForServiceAccounts):
        memberships.hand_over(membership, by=ana)
    assert Membership.objects.get(user=ana).role == Role.OWNER
    memberships.remove(membership, by=ana)
    assert not Membership.objects.filter(user=ci).exists()


def test_service_account_owns_no_project_in_any_way(tide, ci):
    with pytest.raises(memberships.NotForServiceAccounts):
        memberships.join(tide, ci, role=Role.OWNER, by=None)
    answer = Program(ci).post("projects/", {"key": "NEW", "name": "New"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    assert not Project.objects.filter(key="NEW").exists()
    assert ci not in memberships.possible_owners(tide)


def test_groups_give_it_nothing(tide, ci):
    GroupGrant.objects.create(project=tide, group="devs", role=Role.MEMBER)
    KnownGroups.objects.create(user=ci, names=["devs"])
    group_grants.sync_everybody(by=None)
    assert not Membership.objects.filter(user=ci).exists()


def test_what_it_writes_is_marked(client, tide, ana, ci):
    MembershipFactory(project=tide, user=ci)
    task = create(tide, title="Build", by=ana)
    said = Program(ci).post(f"tasks/{task.pk}/comments/", {"text": "The build is green."})
    assert said.status_code == 201
    client.force_login(ana)
    content = client.get(reverse("tasks:task", args=["TIDE", task.number])).content.decode()
    assert '<b><bdi>CI</bdi></b> <span class="role">service account</span>' in content
    assert 'aria-label="CI, service account"' in content


def test_service_account_command_gives_roles_and_token(tide, ana):
    other = ProjectFactory(key="DOCS")
    text = command("create", "ci", "--called", "Build bot", "--project", "TIDE=member", "--project", "docs=viewer")
    ci = User.objects.get(username="ci")
    assert (ci.kind, ci.name, ci.has_usable_password()) == ("service", "Build bot", False)
    assert set(ci.memberships.values_list("project__key", "role")) == {("TIDE", "member"), ("DOCS", "viewer")}
    assert other.events.filter(kind="member.joined").exists()
    program = Program(ci)
    program.client.defaults["HTTP_AUTHORIZATION"] = f"Bearer {text.strip()}"
    assert {each["key"] for each in program.get("projects/").json()["results"]} == {"TIDE", "DOCS"}


def test_the_command_lists_gives_tokens_and_closes(tide, ci):
    MembershipFactory(project=tide, user=ci)
    text = command("token", "ci", "--scope", "read", "--days", "7")
    listed = command("list")
    assert "TIDE=member" in listed
    assert f"{text[:11]}_… read" in listed
    assert text.strip() not in listed
    command("close", "ci")
    ci.refresh_from_db()
    assert not ci.is_active
    assert not ci.tokens.filter(revoked_at=None).exists()
    assert "closed" in command("list")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["create", "bot", "--project", "TIDE=owner"], "can't own a project"),
        (["create", "bot", "--project", "NOSUCH=member"], "no KEY=ROLE"),
        (["create", "bot", "--project", "TIDE=emperor"], "no KEY=ROLE"),
        (["create", "bot", "--days", "366"], "1 to 365 days"),
        (["create", "CI"], "already taken"),
        (["create", "no spaces"], "valid username"),
        (["token", "ana"], "no service account called ana"),
        (["close", "ana"], "no service account called ana"),
    ],
)
def test_what_the_command_refuses_changes_nothing(tide, ana, ci, words, why):
    with pytest.raises(CommandError, match=why):
        command(*words)
    assert User.objects.count() == 2
    assert not Membership.objects.filter(user=ci).exists()
