"""Two projects with one of everything, and everybody who may knock at a door."""

import hashlib
import hmac
from dataclasses import dataclass, fields
from datetime import timedelta

from django.core.files.base import ContentFile
from django.db.models import Model
from django.test import Client
from django.utils import timezone

from apps.accounts.models import ApiToken, Identity, LoginSession, User
from apps.accounts.tokens import tokens
from apps.accounts.users import avatars
from apps.agents.mentions import handoffs
from apps.agents.models import Agent, HandoffPermission, Run, RunPullRequest, StopRequest
from apps.agents.runs import lifecycle
from apps.agents.runs.actions.pause import pause
from apps.agents.runs.callbacks import results
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from apps.chat.attachments import attachments
from apps.chat.attachments.tests.test_attachments import picture
from apps.chat.messages import pins, reactions
from apps.chat.messages.actions.edit import edit
from apps.chat.models import Attachment, Message, Room
from apps.chat.rooms import (
    retention,
    rooms,
    subscriptions,
    unread_counts,
)
from apps.chat.tests.factories import message_in, room_of
from apps.projects.members import invitations
from apps.projects.models import (
    CheckRun,
    Commit,
    EventRelay,
    GroupGrant,
    Invitation,
    KnownGroups,
    Membership,
    Project,
    PullRequest,
    Repository,
    Role,
    WebhookDelivery,
)
from apps.projects.tests.factories import MembershipFactory, RepositoryFactory, UserFactory
from apps.tasks.actions.comment import comment
from apps.tasks.actions.move import move
from apps.tasks.code import branch_names, links, pull_request_rules
from apps.tasks.models import CodeLink, Column, Comment, Label, PullRequestEvent, Task
from apps.tasks.tests.factories import BoardFactory, LabelFactory

RANDOM_ID = 987_654
RANDOM_UUID = "00000000-0000-4000-8000-000000000000"


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
    token: ApiToken
    session: LoginSession
    room: Room
    message: Message
    file: Attachment
    handoff: HandoffPermission
    repository: Repository
    link: CodeLink
    delivery: WebhookDelivery
    request: PullRequest
    invitation: Invitation
    join: str  # what is secret in the invitation's link

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
            "tokens": self.token.pk,
            "sessions": self.session.public_id,
            "members": self.person.pk,
            "avatars": self.person.avatar,
            "chat": self.room.pk,
            "rooms": self.room.pk,
            "messages": self.message.pk,
            "files": self.file.pk,
            "handoffs": self.handoff.pk,
            "webhooks": self.repository.uid,
            "deliveries.number": self.delivery.pk,
            "pull-requests.number": self.request.number,
            "code": self.repository.pk,
            "repositories": self.repository.pk,
            "links": self.link.pk,
            "commits": sha_of(self.project),
            "invitations": self.invitation.pk,
            "join": self.join,
        }[name]

    def ids(self) -> set[object]:
        """Every id by which something of this project could be named in a body."""
        things = [getattr(self, field.name) for field in fields(self)]
        return {thing.pk for thing in things if isinstance(thing, Model)} | {self.task.number, self.project.key}


class Nowhere:
    """What was never there."""

    def id_of(self, name: str) -> object:
        uuids = dict.fromkeys(["agents", "runs", "sessions", "files", "webhooks"], RANDOM_UUID)
        return {"projects": "NOSUCH", **uuids}.get(name, RANDOM_ID)


def world(key: str, *, numbers_from: int = 0) -> World:
    """A seeded project. Its tasks' numbers start above `numbers_from`, so two worlds share none."""
    project = BoardFactory(key=key, name=key.title(), last_number=numbers_from)
    owner = MembershipFactory(project=project, role=Role.OWNER).user
    GroupGrant.objects.create(project=project, group=f"{key}-devs", role=Role.MEMBER)
    Identity.objects.create(issuer="https://auth.example/", sub=f"{key} secret", user=owner)
    KnownGroups.objects.create(user=owner, names=[f"{key}-devs"])
    gateway = GatewayFactory(callback_secret=f"callback-secret-{key}")
    agent = agent_in(project, f"Scribe-{key}", gateway=gateway)
    run = run_of(agent, owner, title=f"{key} secret")
    lifecycle.claim(run, "worker")
    about = {"teamboardRunId": str(run.pk), "sessionKey": run.gateway_session_key}
    results.receive(gateway, f"first-{key}", "run.started", about)
    lifecycle.succeed(run, result=f"{key} secret")
    room, message = talk(project, owner, f"{key} secret")
    helper = agent_in(project, f"Mason-{key}", gateway=gateway)
    message_in(room, agent.user, f"@{helper.slug} {key} secret")  # in vain, which makes a MentionRefusal
    pause(project, by=owner)
    retention.set_days(project, days=365, by=owner)
    why = {"code": PullRequestEvent.OPEN, "number": 1, "name": "x"}
    move(run.task, to=project.columns.get(category="review"), by=None, reason=why)
    pull_request_rules.set_rules(project, {PullRequestEvent.CLOSED: project.columns.get(category="backlog")}, by=owner)
    branch_names.set_template(project, "work/{key}", by=owner)
    repository = coded(project, f"{key} secret")
    RunPullRequest.objects.create(run=run, pull_request=repository.pull_requests.get())
    stopped = StopRequest.State.STOPPED
    StopRequest.objects.create(
        run=run,
        run_key=run.pk,
        gateway=run.gateway,
        state=stopped,
        detail=f"{key} secret",
        holds_session_until=run.created_at,
    )
    EventRelay.objects.create(event=project.events.first(), subscriber=f"{key} secret", attempts=1)
    invitation, link = invitations.create(project, role=Role.VIEWER, by=owner)
    return World(
        project=project,
        owner=owner,
        person=shown(member_of(project, Role.MEMBER), f"{key} picture".encode()),
        column=project.columns.get(category="ready"),
        label=LabelFactory(project=project, name=f"{key} label"),
        task=run.task,
        comment=comment(run.task, text=f"{key} secret", by=owner),
        agent=agent,
        run=run,
        token=token_of(owner, "agents")[0],
        session=session_of(owner),
        room=room,
        message=message,
        file=message.files.get(),
        handoff=handoffs.allow(project, from_agent=agent, to_agent=helper, by=owner),
        repository=repository,
        link=links.link(run.task, repository=repository, number=repository.pk, by=owner),
        delivery=repository.deliveries.get(),
        request=repository.pull_requests.get(),
        invitation=invitation,
        join=link.split("/")[-2],
    )


def sha_of(project: Project) -> str:
    """The commit that its repository has."""
    return hashlib.sha256(project.key.encode()).hexdigest()[:40]


def coded(project: Project, words: str) -> Repository:
    """A repository with one of everything that Git and a forge say."""
    repository = RepositoryFactory(project=project, forge=Repository.Forge.GITHUB)
    now, sha = timezone.now(), sha_of(project)
    repository.branches.create(name=words, head=sha, committed_at=now)
    repository.branches.create(name=repository.default_branch, head=sha, committed_at=now)
    Commit.objects.create(repository=repository, sha=sha, author_name=words, message=words, committed_at=now)
    CheckRun.objects.create(repository=repository, sha=sha, name=words, state=CheckRun.State.PASSED, reported_at=now)
    PullRequest.objects.create(
        repository=repository,
        number=repository.pk,
        title=words,
        head_branch=words,
        base_branch="main",
        head_sha=sha,
        updated_at=now,
    )
    WebhookDelivery.objects.create(repository=repository, delivery_id="1", body_sha256=sha, kind="push", payload={})
    return repository


def talk(project: Project, by: User, words: str) -> tuple[Room, Message]:
    """A room besides the project's own, and a message in it with all that hangs on one."""
    room_of(project)
    room = rooms.create(project, name=words, by=by)
    file = attachments.upload(room, ContentFile(picture(size=(8, 8))), name=f"{words}.png", by=by)
    message = message_in(room, by, "First.", files=[file.pk])
    subscriptions.subscribe(room, level="all", by=by)
    task = f"{project.key}-{project.tasks.get().number}"
    edit(message, text=f"{words} https://tides.example/ @{by.username} {task}", by=by)
    reactions.react(message, emoji="👍", by=by)
    pins.pin(message, by=by)
    unread_counts.mark_read(room, last_read_id=message.pk, by=by)
    return room, message


def gone_world(key: str, *, numbers_from: int) -> World:
    """A project that was deleted with all that was in it; its ids are known still."""
    gone = world(key, numbers_from=numbers_from)
    Run.objects.filter(project=gone.project).delete()
    Agent.objects.filter(user__in=gone.project.members.all()).delete()
    people = list(gone.project.members.values_list("pk", flat=True))
    Task.objects.filter(project=gone.project).delete()
    Project.objects.filter(pk=gone.project.pk).delete()
    User.objects.filter(pk__in=people).delete()
    return gone


def token_of(person: User, scope: str, only: Project | None = None) -> tuple[ApiToken, str]:
    only_projects = [only.pk] if only else None
    tomorrow = timezone.now() + timedelta(days=1)
    given = {"scope": scope, "expires_at": tomorrow, "only_projects": only_projects}
    return tokens.issue(person, name="matrix", **given, by=person)


def shown(person: User, content: bytes) -> User:
    avatars.change(person, hue=person.hue, content=content)
    return person


def member_of(project: Project, role: str) -> User:
    return MembershipFactory(project=project, role=role).user


def service_in(project: Project) -> User:
    ci = User.objects.create_service_account(username=f"ci-{project.key}", name="CI")
    return MembershipFactory(project=project, user=ci, role=Role.MEMBER).user


def session_of(person: User) -> LoginSession:
    session(person)
    return person.sessions.get()


def session(person: User) -> Client:
    client = Client(raise_request_exception=False)
    client.force_login(person)
    return client


def bearer(person: User, scope: str, only: Project | None = None) -> Client:
    return carrying(Authorization=f"Bearer {token_of(person, scope, only)[1]}")


def carrying(**headers: str) -> Client:
    """A program that sends `headers` with all it asks."""
    return Client(
        headers={name.replace("_", "-"): value for name, value in headers.items()}, raise_request_exception=False
    )


class SigningClient(Client):
    """A gateway that signs whatever it asks, as it does its reports."""

    def __init__(self, secret: str) -> None:
        super().__init__(raise_request_exception=False)
        self.secret = secret

    def generic(self, method: str, path: str, data: object = "", *args, headers: dict | None = None, **more):
        raw = data.encode() if isinstance(data, str) else data
        stamp = str(int(timezone.now().timestamp()))
        made = hmac.new(self.secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
        signed = {"X-Teamboard-Timestamp": stamp, "X-Teamboard-Signature": f"sha256={made}", **(headers or {})}
        return super().generic(method, path, data, *args, headers=signed, **more)


def identities(own: World, foreign: World) -> dict[str, Client]:
    """Everybody, by the name that authz.toml gives them, as they stand to `own`."""
    admin = UserFactory(name="Admin", is_staff=True, is_superuser=True)
    disabled = session(closed := member_of(own.project, Role.OWNER))
    User.objects.filter(pk=closed.pk).update(is_active=False)
    former = session(gone := member_of(own.project, Role.OWNER))
    Membership.objects.filter(user=gone).delete()
    second = MembershipFactory(user=own.owner, role=Role.OWNER).project
    return {
        "anonymous": carrying(),
        "outsider": session(foreign.owner),
        "viewer": session(member_of(own.project, Role.VIEWER)),
        "commenter": session(member_of(own.project, Role.COMMENTER)),
        "member": session(member_of(own.project, Role.MEMBER)),
        "maintainer": session(member_of(own.project, Role.MAINTAINER)),
        "owner": session(own.owner),
        "admin": session(admin),
        "disabled": disabled,
        "former": former,
        "director": bearer(own.owner, "agents"),
        "writer": bearer(own.owner, "write"),
        "reader": bearer(own.owner, "read"),
        "narrowed": bearer(own.owner, "agents", only=second),
        "stranger": bearer(foreign.owner, "agents"),
        "service": bearer(service_in(own.project), "agents"),
        "forger": carrying(X_Teamboard_Timestamp="1", X_Teamboard_Signature="sha256=" + "0" * 64),
        "agent": SigningClient(own.agent.gateway.callback_secret),
        "other_agent": SigningClient(foreign.agent.gateway.callback_secret),
        "hook": carrying(Authorization=f"Bearer {own.agent.gateway.callback_secret}"),
    }
