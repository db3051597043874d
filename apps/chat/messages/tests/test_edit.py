"""Changing and taking away what was said."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import AuditEntry
from apps.chat.messages import parse, reactions
from apps.chat.messages.edit import TooLate, delete, edit
from apps.chat.messages.errors import Gone
from apps.chat.models import Mention, Message, Reaction, TaskReference
from apps.chat.tests.factories import said
from apps.errors import NotAllowed
from apps.projects.models import Event, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-6")]


@pytest.fixture
def message(room, ana, ben, columns):
    task_in(columns["ready"])
    return said(room, ana, "@ben TIDE-1 is secret.")


def test_its_author_changes_it_and_the_former_words_are_kept(message, ana):
    edit(message, text="TIDE-1 is **open**.", by=ana)
    message.refresh_from_db()
    assert message.text == "TIDE-1 is **open**."
    assert "<strong>open</strong>" in message.html
    assert message.edited_at
    assert [kept.text for kept in message.revisions.all()] == ["@ben TIDE-1 is secret."]
    assert Mention.objects.count() == 0
    assert TaskReference.objects.count() == 1


def test_a_mention_that_an_edit_adds_calls_and_an_old_one_does_not_again(message, ana, board):
    cat = MembershipFactory(project=board, user__username="cat").user
    edit(message, text="@ben @cat TIDE-1", by=ana)
    assert Event.objects.get(kind="message.edited").payload["mentions"] == [cat.pk]
    assert Mention.objects.count() == 2


def test_the_same_words_change_nothing(message, ana):
    edit(message, text=message.text, by=ana)
    assert not Event.objects.filter(kind="message.edited").exists()


def test_nobody_else_changes_it(message, ben):
    with pytest.raises(NotAllowed):
        edit(message, text="Mine.", by=ben)


def test_after_a_day_it_stays(message, ana, settings):
    Message.objects.update(created_at=timezone.now() - timedelta(hours=settings.CHAT_EDIT_HOURS, seconds=1))
    message.refresh_from_db()
    with pytest.raises(TooLate):
        edit(message, text="Later.", by=ana)


def test_an_edit_may_not_empty_it(message, ana):
    with pytest.raises(parse.EmptyMessage):
        edit(message, text=" ", by=ana)


@pytest.mark.req("E9")
def test_a_deleted_one_leaves_no_words_behind(message, ana):
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


def test_who_manages_may_delete_it_and_others_may_not(message, ben, board):
    with pytest.raises(NotAllowed):
        delete(message, by=ben)
    delete(message, by=MembershipFactory(project=board, role=Role.MAINTAINER).user)
    assert [kept.text for kept in message.revisions.all()] == ["@ben TIDE-1 is secret."]


@pytest.mark.req("T1")
def test_moderation_is_in_the_audit_and_ones_own_change_of_mind_is_not(room, ana, board):
    rest, own = said(room, ana, "A secret."), said(room, ana, "Never mind.")
    delete(own, by=ana)
    delete(rest, by=MembershipFactory(project=board, role=Role.OWNER, user__name="Olga").user)
    entry = AuditEntry.objects.get(action="message.deleted")
    assert (entry.who, entry.facts["author"], entry.project_id) == ("Olga", ana.pk, board.pk)
    assert "secret" not in str(entry.facts)
