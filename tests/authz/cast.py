"""Two projects with one of everything, and everybody who may knock at a door."""

from dataclasses import dataclass
from datetime import timedelta

from django.test import Client
from django.utils import timezone

from apps.accounts import tokens
from apps.accounts.models import User
from apps.agents import closing
from apps.agents.models import Agent, Run
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.models import Membership, Project, Role
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks import commenting
from apps.tasks.models import Column, Comment, Label, Task
from apps.tasks.tests.factories import BoardFactory, LabelFactory

MISSING_ID = 987_654
MISSING_UUID = "00000000-0000-4000-8000-000000000000"


@dataclass
class World:
    """A project and what is in it. The `owner`'s token and the member `person` stand in addresses."""

    project: Project
    owner: User
    person: User
    column: Column
    label: Label
    task: Task
    comment: Comment
    agent: Agent
    run: Run
    token: int

    def id_of(self, name: str) -> object:
        """The id that an address of this project has where the route names a `name`."""
        return {
            "projects": self.project.key,
            "columns": self.column.pk,
            "labels": self.label.pk,
            "tasks": self.task.pk,
            "tasks.number": self.task.number,
            "comments": self.comment.pk,
            "agents": self.agent.pk,
            "runs": self.run.pk,
            "tokens": self.token,
            "members": self.person.pk,
        }[name]


MISSING = {
    "projects": "NOSUCH",
    "agents": MISSING_UUID,
    "runs": MISSING_UUID,
}


def missing_id_of(name: str) -> object:
    return MISSING.get(name, MISSING_ID)


def world(key: str, *, numbers_from: int = 0) -> World:
    """A seeded project. Its tasks' numbers start above `numbers_from`, so two worlds share none."""
    project = BoardFactory(key=key, name=key.title(), last_number=numbers_from)
    owner = MembershipFactory(project=project, role=Role.OWNER).user
    column = project.columns.get(category="ready")
    agent = agent_in(project, f"Scribe {key}".replace(" ", "-"))
    run = run_of(agent, owner, title=f"{key} secret")
    closing.close(run, Run.Status.SUCCEEDED, by=agent.user, result=f"{key} secret")
    return World(
        project=project,
        owner=owner,
        person=_member(project, Role.MEMBER),
        column=column,
        label=LabelFactory(project=project, name=f"{key} label"),
        task=run.task,
        comment=commenting.comment(run.task, words=f"{key} secret", by=owner),
        agent=agent,
        run=run,
        token=_token(owner)[0].pk,
    )


def _token(person: User, scope: str = "write") -> tuple:
    return tokens.issue(person, name="matrix", scope=scope, expires_at=timezone.now() + timedelta(days=1))


def _session(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def _bearer(person: User, scope: str) -> Client:
    headers = {"Authorization": f"Bearer {_token(person, scope)[1]}"}
    return Client(headers=headers, raise_request_exception=False)


def _member(project: Project, role: str) -> User:
    return MembershipFactory(project=project, role=role).user


def identities(own: World, foreign: World) -> dict[str, Client]:
    """Everybody, by the name that authz.toml gives them, as they stand to `own`."""
    admin = UserFactory(name="Admin", is_staff=True, is_superuser=True)
    disabled = _session(closed := _member(own.project, Role.OWNER))
    User.objects.filter(pk=closed.pk).update(is_active=False)
    former = _session(gone := _member(own.project, Role.OWNER))
    Membership.objects.filter(user=gone).delete()
    forged = {"X-Teamboard-Timestamp": "1", "X-Teamboard-Signature": "sha256=" + "0" * 64}
    return {
        "anonymous": Client(raise_request_exception=False),
        "outsider": _session(foreign.owner),
        "viewer": _session(_member(own.project, Role.VIEWER)),
        "commenter": _session(_member(own.project, Role.COMMENTER)),
        "member": _session(_member(own.project, Role.MEMBER)),
        "maintainer": _session(_member(own.project, Role.MAINTAINER)),
        "owner": _session(own.owner),
        "admin": _session(admin),
        "disabled": disabled,
        "former": former,
        "reader": _bearer(own.owner, "read"),
        "stranger": _bearer(foreign.owner, "write"),
        "forger": Client(headers=forged, raise_request_exception=False),
    }
