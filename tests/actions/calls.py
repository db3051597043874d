"""Each action once, as its doors call it: with rows that were read before its lock.

An entry makes ready what the action needs and returns the rows that the caller has read and the call
itself. `writes` are the columns of those rows that the action is there to change.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any
from uuid import uuid4

from django.core.files.base import ContentFile
from django.db.models import Model
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.sessions import revoke
from apps.accounts.tokens import tokens
from apps.accounts.users import avatars, people, service_accounts, site_roles
from apps.agents.mentions import handoffs, mentions
from apps.agents.models import Run
from apps.agents.roster.actions import create as create_agent
from apps.agents.roster.actions import set_projects, update
from apps.agents.runs import card_moves, lifecycle, queue, targets
from apps.agents.runs.actions import cancel, pause, retry, retry_alike, review
from apps.agents.runs.states import Status
from apps.chat.attachments import attachments
from apps.chat.messages import pins, reactions, to_task
from apps.chat.messages.actions import delete, edit, post
from apps.chat.rooms import retention, rooms, slash_commands, subscriptions, unread_counts
from apps.chat.tests.factories import message_in
from apps.projects.actions import create as create_project
from apps.projects.git.repositories import connect
from apps.projects.git.webhooks import deliveries, resync
from apps.projects.members import invitations, memberships
from apps.projects.models import Membership, Repository, Role
from apps.projects.tests.factories import UserFactory
from apps.tasks.actions import assign, comment, move, start
from apps.tasks.actions import create as create_task
from apps.tasks.actions import edit as edit_task
from apps.tasks.code import automation, branch_names, links, pull_request_rules
from apps.tasks.models import PullRequestEvent
from tests.authz.cast import World, member_of, session_of, shown, token_of

Ready = tuple[Iterable[Model], Callable[[], object]]


@dataclass(frozen=True)
class Call:
    action: str
    make_ready: Callable[[World], Ready]
    writes: frozenset[str]

    @property
    def app(self) -> str:
        return self.action.split(".")[1]


CALLS: list[Call] = []


def call(action: str, *writes: str) -> Callable[[Callable[[World], Ready]], Callable[[World], Ready]]:
    def register(make_ready: Callable[[World], Ready]) -> Callable[[World], Ready]:
        CALLS.append(Call(f"apps.{action}", make_ready, frozenset(writes)))
        return make_ready

    return register


def admin() -> User:
    return UserFactory(is_staff=True, is_superuser=True)


def read_anew[Row: Model](row: Row) -> Row:
    """Another copy of it, as one more request would have read it."""
    return type(row)._base_manager.get(pk=row.pk)


def waiting_for_review(w: World) -> Run:
    Run.objects.filter(pk=w.run.pk).update(review="waiting")
    return Run.objects.with_related().get(pk=w.run.pk)


def queued(w: World) -> Run:
    pause.resume(w.project, by=w.owner)
    made = queue.assign_now(w.agent, create_task.create(w.project, title="Queued", by=w.owner), by=w.owner, queue=True)
    return Run.objects.with_related().get(pk=made.pk)


@call("accounts.sessions.revoke.end_session")
def end_session(w: World) -> Ready:
    session = session_of(UserFactory())
    return [session], lambda: revoke.end_session(session, by=session.user)


@call("accounts.sessions.revoke.end_all_sessions")
def end_all_sessions(w: World) -> Ready:
    person = session_of(UserFactory()).user
    return [person], lambda: revoke.end_all_sessions(person, by=person)


@call("accounts.tokens.tokens.issue")
def issue(w: World) -> Ready:
    person = UserFactory()
    return [person], lambda: token_of(person, "read")


@call("accounts.tokens.tokens.revoke", "revoked_at")
def revoke_token(w: World) -> Ready:
    token = token_of(w.owner, "read")[0]
    return [token], lambda: tokens.revoke(token, by=w.owner)


@call("accounts.tokens.tokens.revoke_all")
def revoke_all(w: World) -> Ready:
    person = token_of(UserFactory(), "read")[0].user
    return [person], lambda: tokens.revoke_all(person, by=person)


@call("accounts.users.service_accounts.issue_token")
def issue_token(w: World) -> Ready:
    account = service_accounts.create(username="ci", name="CI", by=admin())
    chosen = {"name": "CI", "scope": "read", "expires_at": timezone.now() + timedelta(days=1)}
    return [account], lambda: service_accounts.issue_token(account, by=None, **chosen)


@call("accounts.users.site_roles.make_admin", "is_staff", "is_superuser")
def make_admin(w: World) -> Ready:
    person, by = UserFactory(), admin()
    return [person], lambda: site_roles.make_admin(person, by=by)


@call("accounts.users.site_roles.unmake_admin", "is_staff", "is_superuser")
def unmake_admin(w: World) -> Ready:
    person, by = admin(), admin()
    return [person], lambda: site_roles.unmake_admin(person, by=by)


@call("accounts.users.site_roles.close", "is_active")
def close(w: World) -> Ready:
    person, by = UserFactory(), admin()
    return [person], lambda: site_roles.close(person, by=by)


@call("accounts.users.site_roles.reopen", "is_active")
def reopen_account(w: World) -> Ready:
    person, by = UserFactory(is_active=False), admin()
    return [person], lambda: site_roles.reopen(person, by=by)


@call("accounts.users.people.reset_password", "password")
def reset_password(w: World) -> Ready:
    person, by = UserFactory(), admin()
    return [person], lambda: people.reset_password(person, by=by)


@call("accounts.users.avatars.change", "hue")
def change_hue(w: World) -> Ready:
    person = shown(UserFactory(), b"a picture")
    return [person], lambda: avatars.change(person, hue="plum")


@call("accounts.users.avatars.change", "hue", "avatar")
def change_picture(w: World) -> Ready:
    person = shown(UserFactory(), b"a picture")
    return [person], lambda: avatars.change(person, hue="plum", content=b"another")


@call("accounts.users.avatars.remove", "avatar")
def remove_picture(w: World) -> Ready:
    person = shown(UserFactory(), b"a picture")
    return [person], lambda: avatars.remove(person)


@call("agents.mentions.handoffs.allow")
def allow(w: World) -> Ready:
    from_agent, to_agent = w.handoff.to_agent, w.agent
    return [from_agent, to_agent], lambda: handoffs.allow(
        w.project, from_agent=from_agent, to_agent=to_agent, by=w.owner
    )


@call("agents.mentions.handoffs.revoke")
def revoke_handoff(w: World) -> Ready:
    return [w.handoff], lambda: handoffs.revoke(w.handoff, by=w.owner)


@call("agents.mentions.mentions.start_or_refuse")
def start_or_refuse(w: World) -> Ready:
    message = message_in(w.room, w.owner, "Nobody is called.")
    return [message], lambda: mentions.start_or_refuse(message, w.agent, by=w.owner)


@call("agents.roster.actions.create.create")
def create_agent_(w: World) -> Ready:
    gateway, by = w.agent.gateway, admin()
    return [gateway], lambda: create_agent.create(gateway, slug="new", name="New", by=by, projects=[w.project])


@call("agents.roster.actions.set_projects.set_projects")
def set_projects_(w: World) -> Ready:
    by = admin()
    return [w.agent], lambda: set_projects.set_projects(w.agent, [], by=by)


@call("agents.roster.actions.update.update", "timeout_seconds", "updated_at")
def update_agent(w: World) -> Ready:
    by = admin()
    return [w.agent], lambda: update.update(w.agent, by=by, timeout_seconds=77)


RUN_ENDS = ("status", "ended_at", "error", "cause", "failure", "review", "lease_until", "look_at")


@call("agents.runs.actions.cancel.cancel", *RUN_ENDS)
def cancel_run(w: World) -> Ready:
    run = queued(w)
    return [run], lambda: cancel.cancel(run, by=w.owner)


@call("agents.runs.lifecycle.close", *RUN_ENDS)
def close_run(w: World) -> Ready:
    run = queued(w)
    return [run], lambda: lifecycle.close(run, Status.FAILED, by=w.owner)


@call("agents.runs.lifecycle.decide", "review")
def decide(w: World) -> Ready:
    run = waiting_for_review(w)
    return [run], lambda: lifecycle.decide(run, lifecycle.states.ACCEPT, by=w.owner, project=w.project)


@call("agents.runs.actions.pause.pause", *RUN_ENDS)
def pause_project(w: World) -> Ready:
    run = queued(w)
    return [run], lambda: pause.pause(w.project, by=w.owner)


@call("agents.runs.actions.pause.resume")
def resume(w: World) -> Ready:
    return [w.agent], lambda: pause.resume(w.project, by=w.owner)


@call("agents.runs.actions.retry.retry", "review")
def retry_run(w: World) -> Ready:
    run = waiting_for_review(w)
    return [run], lambda: retry.retry(run, by=w.owner)


@call("agents.runs.actions.retry_alike.retry_alike")
def retry_failed_alike(w: World) -> Ready:
    run = Run.objects.with_related().get(pk=w.run.pk)
    return [run], lambda: retry_alike.retry_alike(run, by=w.owner)


@call("agents.runs.card_moves.move_card", "column", "rank", "version", "updated_at")
def move_card(w: World) -> Ready:
    task = create_task.create(w.project, title="New", by=w.owner)
    return [task], lambda: card_moves.move_card(task, card_moves.Change.STARTED, by=w.owner)


@call("agents.runs.actions.review.accept", "review")
def accept(w: World) -> Ready:
    run = waiting_for_review(w)
    return [run], lambda: review.accept(run, by=w.owner)


@call("agents.runs.actions.review.request_changes", "review")
def request_changes(w: World) -> Ready:
    run = waiting_for_review(w)
    return [run], lambda: review.request_changes(run, note="Shorter.", by=w.owner)


TASK_ASSIGNED = ("assignee", "version", "updated_at", "status_note")


@call("agents.runs.queue.assign_now", *TASK_ASSIGNED)
def assign_now(w: World) -> Ready:
    task = create_task.create(w.project, title="New", by=w.owner)
    return [task, w.agent], lambda: queue.assign_now(w.agent, task, by=w.owner, queue=True)


@call("agents.runs.queue.enqueue", "status_note", "version", "updated_at")
def enqueue(w: World) -> Ready:
    task = create_task.create(w.project, title="New", by=w.owner)
    return [task], lambda: queue.enqueue(targets.TaskTarget(task), w.agent, by=w.owner)


@call("chat.attachments.attachments.upload")
def upload(w: World) -> Ready:
    file = ContentFile(BytesIO(b"words").read(), name="a.txt")
    return [w.room], lambda: attachments.upload(w.room, file, name="a.txt", by=w.owner)


@call("chat.messages.actions.delete.delete", "text", "html", "deleted_at", "has_files")
def delete_message(w: World) -> Ready:
    return [w.message], lambda: delete.delete(w.message, by=w.owner)


@call("chat.messages.actions.edit.edit", "text", "html", "edited_at", "is_truncated", "empty_reason")
def edit_message(w: World) -> Ready:
    return [w.message], lambda: edit.edit(w.message, text="Other words", by=w.owner)


@call("chat.messages.actions.edit.remove_previews")
def remove_previews(w: World) -> Ready:
    return [w.message], lambda: edit.remove_previews(w.message, by=w.owner)


@call("chat.messages.actions.post.post")
def post_reply(w: World) -> Ready:
    return [w.room, w.message], lambda: post.post(
        w.room, text="Yes.", by=w.owner, client_message_id=uuid4(), reply_to=w.message
    )


@call("chat.messages.pins.pin")
def pin(w: World) -> Ready:
    message = message_in(w.room, w.owner)
    return [message], lambda: pins.pin(message, by=w.owner)


@call("chat.messages.pins.unpin")
def unpin(w: World) -> Ready:
    return [w.message], lambda: pins.unpin(w.message, by=w.owner)


@call("chat.messages.reactions.react")
def react(w: World) -> Ready:
    return [w.message], lambda: reactions.react(w.message, emoji="🎉", by=w.owner)


@call("chat.messages.reactions.unreact")
def unreact(w: World) -> Ready:
    return [w.message], lambda: reactions.unreact(w.message, emoji="👍", by=w.owner)


@call("chat.messages.to_task.make_task")
def make_task(w: World) -> Ready:
    return [w.message], lambda: to_task.make_task(w.message, title="Do it", client_message_id=uuid4(), by=w.owner)


@call("chat.messages.to_task.discuss")
def discuss(w: World) -> Ready:
    return [w.message, w.task], lambda: to_task.discuss(
        w.message, task=w.task, text="So?", client_message_id=uuid4(), by=w.owner
    )


@call("chat.rooms.retention.set_days")
def set_days(w: World) -> Ready:
    return [w.room], lambda: retention.set_days(w.project, days=30, by=w.owner)


@call("chat.rooms.rooms.create")
def create_room(w: World) -> Ready:
    return [w.room], lambda: rooms.create(w.project, name="One more", by=w.owner)


@call("chat.rooms.rooms.rename", "name")
def rename_room(w: World) -> Ready:
    return [w.room], lambda: rooms.rename(w.room, name="Another", by=w.owner)


@call("chat.rooms.rooms.archive", "archived_at")
def archive_room(w: World) -> Ready:
    return [w.room], lambda: rooms.archive(w.room, by=w.owner)


@call("chat.rooms.rooms.reopen", "archived_at")
def reopen_room(w: World) -> Ready:
    room = read_anew(rooms.archive(w.room, by=w.owner))
    return [room], lambda: rooms.reopen(room, by=w.owner)


@call("chat.rooms.slash_commands.post")
def slash_command(w: World) -> Ready:
    return [w.room], lambda: slash_commands.post(w.room, text="/task Rope", by=w.owner, client_message_id=uuid4())


@call("chat.rooms.subscriptions.subscribe")
def subscribe(w: World) -> Ready:
    return [w.room], lambda: subscriptions.subscribe(w.room, level="none", by=w.owner)


@call("chat.rooms.unread_counts.mark_read")
def mark_read(w: World) -> Ready:
    return [w.room], lambda: unread_counts.mark_read(w.room, last_read_id=w.message.pk, by=w.owner)


@call("projects.actions.create.create")
def create_project_(w: World) -> Ready:
    return [w.owner], lambda: create_project.create(name="New", key="NEW", by=w.owner)


@call("projects.git.repositories.connect.connect")
def connect_repository(w: World) -> Ready:
    return [w.repository], lambda: connect.connect(
        w.project, url="https://git.example/team/more.git", forge="plain", by=w.owner
    )


@call("projects.git.repositories.connect.change", "name", "fetch_wanted_at")
def rename_repository(w: World) -> Ready:
    return [w.repository], lambda: connect.change(w.repository, name="harbour", by=w.owner)


@call("projects.git.repositories.connect.change", "merging", "fetch_wanted_at")
def change_merging(w: World) -> Ready:
    to = Repository.Merging.MEMBERS
    return [w.repository], lambda: connect.change(w.repository, merging=to, by=w.owner)


@call(
    "projects.git.repositories.connect.change",
    *("url", "host_keys", "fetched_at", "fingerprint", "credential", "fetch_wanted_at"),
)
def move_repository(w: World) -> Ready:
    to = "https://git.example/team/moved.git"
    return [w.repository], lambda: connect.change(w.repository, url=to, by=w.owner)


SECRETS = ("webhook_secret", "previous_webhook_secret", "previous_webhook_secret_until")


@call("projects.git.repositories.connect.rotate", *SECRETS)
def rotate(w: World) -> Ready:
    return [w.repository], lambda: connect.rotate(w.repository, by=w.owner)


@call("projects.git.repositories.connect.remove")
def remove_repository(w: World) -> Ready:
    return [w.repository], lambda: connect.remove(w.repository, by=w.owner)


@call("projects.git.repositories.connect.mirror_again", "mirror_wanted_at", "fetch_wanted_at")
def mirror_again(w: World) -> Ready:
    return [w.repository], lambda: connect.mirror_again(w.repository, by=w.owner)


@call("projects.git.webhooks.deliveries.replay", "processed_at", "error", "attempts", "repository")
def replay(w: World) -> Ready:
    return [w.delivery], lambda: deliveries.replay(w.delivery, by=w.owner)


@call("projects.git.webhooks.resync.request_resync", "resync_lease_until", "resync_wanted_at")
def request_resync(w: World) -> Ready:
    return [w.repository], lambda: resync.request_resync(w.repository, by=w.owner)


@call("projects.members.memberships.invite")
def invite(w: World) -> Ready:
    person = UserFactory()
    return [person], lambda: memberships.invite(w.project, person, role=Role.MEMBER, by=w.owner)


@call("projects.members.memberships.join")
def join(w: World) -> Ready:
    person = UserFactory()
    return [person], lambda: memberships.join(w.project, person, by=w.owner)


@call("projects.members.invitations.create")
def create_invitation(w: World) -> Ready:
    return [w.owner], lambda: invitations.create(w.project, role=Role.MEMBER, by=w.owner)


@call("projects.members.invitations.revoke", "revoked_at", "used_at")
def revoke_invitation(w: World) -> Ready:
    invitation, _link = invitations.create(w.project, role=Role.MEMBER, by=w.owner)
    return [invitation], lambda: invitations.revoke(invitation, by=w.owner)


@call("projects.members.invitations.accept", "used_at", "used_by", "revoked_at")
def accept_invitation(w: World) -> Ready:
    invitation, _link = invitations.create(w.project, role=Role.MEMBER, by=w.owner)
    person = UserFactory()
    return [invitation, person], lambda: invitations.accept(invitation, by=person)


ROLES = ("role", "group_role", "manual_role")


@call("projects.members.memberships.set_role", *ROLES)
def set_role(w: World) -> Ready:
    membership = Membership.objects.get(user=member_of(w.project, Role.MEMBER))
    return [membership], lambda: memberships.set_role(membership, role=Role.VIEWER, by=w.owner)


@call("projects.members.memberships.grant", *ROLES)
def grant(w: World) -> Ready:
    person = member_of(w.project, Role.VIEWER)
    return [person], lambda: memberships.grant(w.project, person, role=Role.MEMBER)


@call("projects.members.memberships.hand_over", *ROLES)
def hand_over(w: World) -> Ready:
    membership = Membership.objects.get(user=member_of(w.project, Role.MEMBER))
    return [membership], lambda: memberships.hand_over(membership, by=w.owner)


@call("projects.members.memberships.appoint", *ROLES)
def appoint(w: World) -> Ready:
    person, by = member_of(w.project, Role.MEMBER), admin()
    return [person], lambda: memberships.appoint(w.project, person, by=by)


@call("projects.members.memberships.remove")
def remove_member(w: World) -> Ready:
    membership = Membership.objects.get(user=member_of(w.project, Role.MEMBER))
    return [membership], lambda: memberships.remove(membership, by=w.owner)


@call("tasks.actions.assign.assign", *TASK_ASSIGNED)
def assign_task(w: World) -> Ready:
    return [w.task], lambda: assign.assign(w.task, to=w.person, by=w.owner)


@call("tasks.actions.comment.comment")
def comment_on(w: World) -> Ready:
    return [w.task], lambda: comment.comment(w.task, text="Yes.", by=w.owner)


@call("tasks.actions.create.create")
def create_subtask(w: World) -> Ready:
    return [w.task, w.label], lambda: create_task.create(
        w.project, title="Part", by=w.owner, parent=w.task, labels=[w.label]
    )


@call("tasks.actions.edit.edit", "title", "version", "updated_at")
def edit_title(w: World) -> Ready:
    return [w.task], lambda: edit_task.edit(w.task, title="Another", by=w.owner)


@call("tasks.actions.move.move", "column", "rank", "version", "updated_at")
def move_task(w: World) -> Ready:
    to = w.project.columns.get(category="doing")
    return [w.task], lambda: move.move(w.task, to=to, by=w.owner)


@call("tasks.actions.start.start", "column", "rank", *TASK_ASSIGNED)
def start_task(w: World) -> Ready:
    task = create_task.create(w.project, title="New", by=w.owner)
    return [task], lambda: start.start(task, by=w.owner)


@call("tasks.code.automation.undo", "column", "rank", "version", "updated_at")
def undo(w: World) -> Ready:
    task = read_anew(w.task)
    last: Any = automation.undoable(task)
    return [task], lambda: automation.undo(task, seq=last.seq, by=w.owner)


@call("tasks.code.branch_names.set_template")
def set_template(w: World) -> Ready:
    return [w.task], lambda: branch_names.set_template(w.project, "{key}", by=w.owner)


LINKED = ("triggers_moves", "dismissed", "created_by", "last_event")


@call("tasks.code.links.link", *LINKED)
def link(w: World) -> Ready:
    links.unlink(w.link, by=w.owner)
    return [w.task, w.link], lambda: links.link(w.task, repository=w.repository, number=w.repository.pk, by=w.owner)


@call("tasks.code.links.unlink", "dismissed")
def unlink(w: World) -> Ready:
    return [w.link], lambda: links.unlink(w.link, by=w.owner)


@call("tasks.code.pull_request_rules.set_rules")
def set_rules(w: World) -> Ready:
    return [w.column], lambda: pull_request_rules.set_rules(w.project, {PullRequestEvent.OPEN: w.column}, by=w.owner)
