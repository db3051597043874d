"""Each action asks for the right itself, whichever door leads to it."""

import uuid

import pytest
from django.core.files.base import ContentFile

from apps.chat.attachments import attachments
from apps.chat.messages import pins, reactions, to_task
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit, remove_previews
from apps.chat.messages.actions.post import post
from apps.chat.rooms import export, retention, rooms, slash_commands, subscriptions, unread_counts
from apps.chat.tests.factories import message_in
from apps.errors import NotAllowed
from apps.projects.models import Membership, Role
from apps.tasks.tests.factories import task_in

pytestmark = pytest.mark.django_db

# The highest role that may not do it; None: somebody who is no member.
ACTIONS = {
    "post": (Role.VIEWER, lambda at, by: post(at.room, text="Hello.", by=by, client_message_id=uuid.uuid4())),
    "edit": (Role.VIEWER, lambda at, by: edit(at.message, text="Changed.", by=by)),
    "delete": (Role.VIEWER, lambda at, by: delete(at.message, by=by)),
    "remove_previews": (Role.VIEWER, lambda at, by: remove_previews(at.message, by=by)),
    "react": (Role.VIEWER, lambda at, by: reactions.react(at.message, emoji="👍", by=by)),
    "unreact": (Role.VIEWER, lambda at, by: reactions.unreact(at.message, emoji="👍", by=by)),
    "upload": (Role.VIEWER, lambda at, by: attachments.upload(at.room, ContentFile(b"x"), name="x", by=by)),
    "discuss": (
        Role.VIEWER,
        lambda at, by: to_task.discuss(at.message, task=at.task, text="So.", client_message_id=uuid.uuid4(), by=by),
    ),
    "command": (
        Role.VIEWER,
        lambda at, by: slash_commands.post(at.room, text="/task Rope", by=by, client_message_id=uuid.uuid4()),
    ),
    "pin": (Role.COMMENTER, lambda at, by: pins.pin(at.message, by=by)),
    "unpin": (Role.COMMENTER, lambda at, by: pins.unpin(at.message, by=by)),
    "make_task": (
        Role.COMMENTER,
        lambda at, by: to_task.make_task(at.message, title="Rope", client_message_id=uuid.uuid4(), by=by),
    ),
    "create": (Role.MEMBER, lambda at, by: rooms.create(at.board, name="Quay", by=by)),
    "rename": (Role.MEMBER, lambda at, by: rooms.rename(at.room, name="Quay", by=by)),
    "archive": (Role.MEMBER, lambda at, by: rooms.archive(at.room, by=by)),
    "reopen": (Role.MEMBER, lambda at, by: rooms.reopen(at.room, by=by)),
    "retention": (Role.MEMBER, lambda at, by: retention.set_days(at.board, days=5, by=by)),
    "export": (Role.MEMBER, lambda at, by: export.export(at.room, "json", by=by)),
    "subscribe": (None, lambda at, by: subscriptions.subscribe(at.room, level="all", by=by)),
    "mark_read": (None, lambda at, by: unread_counts.mark_read(at.room, last_read_id=at.message.pk, by=by)),
}


class Place:
    def __init__(self, board, room, message, task) -> None:
        self.board, self.room, self.message, self.task = board, room, message, task


@pytest.mark.parametrize("name", ACTIONS)
def test_action_refuses_whoever_lost_the_right(name, board, room, columns, ana):
    place = Place(board, room, message_in(room, ana), task_in(columns["ready"]))
    role, action = ACTIONS[name]
    membership = Membership.objects.filter(project=board, user=ana)
    if role:
        membership.update(role=role)
    else:
        membership.delete()
    before = board.events.count()
    with pytest.raises(NotAllowed):
        action(place, ana)
    assert board.events.count() == before


def test_post_as_board_asks_nobody(board, room, ana):
    Membership.objects.filter(project=board, user=ana).update(role=Role.VIEWER)
    message = post(room, text="Done.", by=ana, client_message_id=uuid.uuid4(), as_board=True)
    assert message.author == ana
    assert board.events.get(kind="message.posted").actor == ana
