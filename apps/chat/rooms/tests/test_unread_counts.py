"""Unread is what stands after the mark and is not by oneself, whatever happens in between."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from apps.chat.messages.actions.delete import delete
from apps.chat.messages.actions.edit import edit
from apps.chat.messages.actions.post import post_system_message
from apps.chat.models import Message, ReadMark
from apps.chat.rooms import rooms, unread_counts
from apps.chat.tests.factories import message_in, room_of
from apps.projects.members import memberships
from apps.projects.tests.factories import MembershipFactory, UserFactory
from apps.tasks.tests.factories import BoardFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-1")]


def unread(user, room) -> tuple[int, int]:
    found = unread_counts.unread_of(user, room.project)[room.pk]
    return found["unread"], found["mentions"]


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("send"), st.sampled_from(["ana", "ben"]), st.booleans()),
        st.tuples(st.just("edit"), st.integers(0, 9), st.booleans()),
        st.tuples(st.just("delete"), st.integers(0, 9), st.none()),
        st.tuples(st.just("read"), st.sampled_from(["phone", "laptop"]), st.integers(0, 12)),
    ),
    max_size=15,
)


@pytest.mark.req("CHT-1")
class TestUnread(TestCase):
    @given(STEPS)
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def test_unread_counts_equal_a_count_by_hand(self, steps) -> None:
        board = BoardFactory()
        people = {
            name: MembershipFactory(project=board, user=UserFactory(username=name)).user for name in ("ana", "ben")
        }
        room, ana = room_of(board), people["ana"]
        sent, mark = [], 0
        for step, which, extra in steps:
            if step == "send":
                sent.append(message_in(room, people[which], "@ana hello" if extra else "hello"))
            elif step == "edit" and which < len(sent) and not sent[which].deleted_at:
                edit(sent[which], text="@ana changed" if extra else "changed", by=sent[which].author)
            elif step == "delete" and which < len(sent):
                delete(sent[which], by=sent[which].author)
            elif step == "read" and sent:
                last_read_id = sent[min(extra, len(sent) - 1)].pk
                unread_counts.mark_read(room, last_read_id=last_read_id, by=ana)
                mark = max(mark, last_read_id)
            left = [each for each in sent if each.pk > mark and each.author != ana and not each.deleted_at]
            assert unread(ana, room) == (len(left), sum("@ana" in each.text for each in left))


def test_read_mark_goes_forward_up_to_the_last_message(room, ana, ben):
    first, second = message_in(room, ben), message_in(room, ben)
    unread_counts.mark_read(room, last_read_id=2**62, by=ana)
    assert ReadMark.objects.get(user=ana).last_read_id == second.pk
    unread_counts.mark_read(room, last_read_id=first.pk, by=ana)
    assert ReadMark.objects.get(user=ana).last_read_id == second.pk
    message_in(room, ben)
    assert unread(ana, room) == (1, 0)


def test_system_message_is_not_unread(room, ana):
    post_system_message(room, "tested")
    assert unread(ana, room) == (0, 0)


def test_unread_of_a_new_member_is_zero(board, room, ana, ben):
    message_in(room, ben, "@dan is coming.")
    dan = UserFactory(username="dan")
    memberships.join(board, dan, by=None)
    assert unread(dan, room) == (0, 0)
    message_in(room, ben, "Hello @dan.")
    assert unread(dan, room) == (1, 1)


def test_unread_of_fifty_rooms_is_one_statement(board, room, ana, ben, django_assert_num_queries, mai):
    for number in range(49):
        message_in(rooms.create(board, name=f"Room {number}", by=mai), ben, "@ana hello")
    with django_assert_num_queries(1):
        counts = unread_counts.unread_of(ana, board)
    assert len(counts) == 50
    assert sum(each["mentions"] for each in counts.values()) == 49


@pytest.mark.django_db(transaction=True)
def test_read_mark_of_two_devices_is_the_further_one(room, ana, ben):
    from apps.chat.messages.actions.tests.test_post import at_once

    sent = [message_in(room, ben).pk for _ in range(8)]
    at_once(8, lambda index: unread_counts.mark_read(room, last_read_id=sent[index], by=ana))
    assert ReadMark.objects.get(user=ana).last_read_id == sent[-1]
    assert connection.connection
    assert Message.objects.count() == 8
