"""Changing and taking away what was said."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chat.messages import parse, reactions
from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import TooLate, edit
from apps.chat.messages.errors import Gone
from apps.chat.models import Mention, Message, Reaction, TaskReference
from apps.chat.tests.factories import message_in
from apps.errors import NotAllowed
from apps.projects.models import Event, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-6")]


@pytest.fixture
def message(room, ana, ben, columns):
    task_in(columns["ready"])
    return message_in(room, ana, "@ben TIDE-1 is secret.")


def test_edit_keeps_the_former_text_as_revision(message, ana):
    edit(message, text="TIDE-1 is **open**.", by=ana)
    message.refresh_from_db()
    assert message.text == "TIDE-1 is **open**."
    assert "<strong>open</strong>" in message.html
    assert message.edited_at
    assert [kept.text for kept in message.revisions.all()] == ["@ben TIDE-1 is secret."]
    assert Mention.objects.count() == 0
    assert TaskReference.objects.count() == 1


def test_edit_notifies_new_mentions_alone(message, ana, board):
    cat = MembershipFactory(project=board, user__username="cat").user
    edit(message, text="@ben @cat TIDE-1", by=ana)
    assert Event.objects.get(kind="message.edited").payload["mentions"] == [cat.pk]
    assert Mention.objects.count() == 2


def test_edit_with_the_same_text_changes_nothing(message, ana):
    edit(message, text=message.text, by=ana)
    assert not Event.objects.filter(kind="message.edited").exists()


def test_edit_is_for_the_author(message, ben):
    with pytest.raises(NotAllowed):
        edit(message, text="Mine.", by=ben)


def test_edit_is_refused_after_a_day(message, ana, settings):
    Message.objects.update(created_at=timezone.now() - timedelta(hours=settings.CHAT_EDIT_HOURS, seconds=1))
    message.refresh_from_db()
    with pytest.raises(TooLate):
        edit(message, text="Later.", by=ana)


def test_edit_refuses_an_empty_text(message, ana):
    with pytest.raises(parse.EmptyMessage):
        edit(message, text=" ", by=ana)


@pytest.mark.req("E9")
def test_delete_leaves_no_text_behind(message, ana):
    reactions.react(message, emoji="👍", by=ana)
    delete(message, by=ana)
    message.refresh_from_db()
    assert (message.text, message.html) == ("", "")
    assert not Message.objects.not_deleted().exists()
    assert [kind.objects.count() for kind in (Mention, TaskReference, Reaction)] == [0, 0, 0]
    assert "secret" not in str(list(Event.objects.values_list("payload", flat=True)))
    delete(message, by=ana)
    assert Event.objects.filter(kind="message.deleted").count() == 1
    with pytest.raises(Gone):
        edit(message, text="Back.", by=ana)


def test_delete_is_for_author_and_manager(message, ben, board):
    with pytest.raises(NotAllowed):
        delete(message, by=ben)
    delete(message, by=MembershipFactory(project=board, role=Role.MAINTAINER).user)
    assert [kept.text for kept in message.revisions.all()] == ["@ben TIDE-1 is secret."]


@pytest.mark.req("T1")
def test_audit_has_deletes_of_others_messages_alone(room, ana, board):
    rest, own = message_in(room, ana, "A secret."), message_in(room, ana, "Never mind.")
    delete(own, by=ana)
    delete(rest, by=MembershipFactory(project=board, role=Role.OWNER, user__name="Olga").user)
    entry = AuditEntry.objects.get(action="message.deleted")
    assert (entry.who, entry.facts["author"], entry.project_id) == ("Olga", ana.pk, board.pk)
    assert "secret" not in str(entry.facts)
