"""What happens on the board, folded into one line of the project's room."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone, translation
from hypothesis import given
from hypothesis import strategies as st

from apps.chat import jobs
from apps.chat.messages import to_task
from apps.chat.models import Message
from apps.chat.rooms import activity_digest, system_messages, unread_counts
from apps.chat.tests.factories import message_in
from apps.projects.models import Event
from apps.projects.realtime import frames
from apps.tasks.actions.create import create
from apps.tasks.actions.move import move
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("CHT-9")]


@pytest.fixture
def told(room):
    """The lines of the room, in English, once it was told."""

    def sentences() -> list[str]:
        jobs.post_activity_digests()
        return [
            system_messages.sentence_of(line.system_message)
            for line in room.messages.filter(system_message__isnull=False).order_by("pk")
        ]

    return sentences


def test_digest_is_one_line_for_many_changes(columns, told, ana, ben):
    tasks = [task_in(columns["ready"], f"Task {number}") for number in range(4)]
    told()
    for number, task in enumerate(tasks):
        move(task, to=columns["doing"], by=ben if number % 2 else ana)
    assert told()[-1].endswith("Ana and Ben moved 4 cards.")


def test_digest_line_grows_while_it_is_the_last(board, room, columns, told, ana, ben):
    create(board, title="One", by=ana)
    assert told() == ["Ana created 1 task."]
    board.refresh_from_db()
    create(board, title="Two", by=ben)
    assert told() == ["Ana and Ben created 2 tasks."]
    line = Message.objects.get()
    assert [op.get("id") for op in frames.frame_since(board.pk, board.last_seq, language="en")["ops"]].count(
        f"message-{line.pk}"
    ) == 1
    assert line.task_references.count() == 2
    message_in(room, ben, "Enough for today.")
    create(board, title="Three", by=ana)
    assert told() == ["Ana and Ben created 2 tasks.", "Ana created 1 task."]


def test_digest_starts_a_new_line_after_its_window(board, told, ana):
    create(board, title="One", by=ana)
    told()
    Message.objects.update(created_at=timezone.now() - timedelta(minutes=6))
    create(board, title="Two", by=ana)
    assert told() == ["Ana created 1 task.", "Ana created 1 task."]


def test_digest_update_twice_adds_nothing(board, told, ana):
    create(board, title="One", by=ana)
    assert told() == told() == ["Ana created 1 task."]
    assert Event.objects.filter(kind="message.updated").count() == 0


def test_digest_omits_tasks_made_from_messages(board, room, told, ana):
    to_task.make_task(message_in(room, ana), title="From here", client_message_id=uuid4(), by=ana)
    assert told() == []


def test_digest_omits_moves_within_a_column(columns, told, ana):
    one, other = task_in(columns["ready"], "One"), task_in(columns["ready"], "Two")
    before = told()
    move(one, to=columns["ready"], after=other, by=ana)
    assert told() == before


def test_digest_is_not_unread(board, room, told, ana, ben):
    create(board, title="One", by=ana)
    told()
    assert unread_counts.unread_of(ben, board)[room.pk]["unread"] == 0


def test_digest_lists_tasks_as_they_are_now(client, columns, told, ana):
    task = task_in(columns["ready"], "Mend <the> gate")
    told()
    client.force_login(ana)
    assert f'data-task="{task.pk}"' in client.get("/projects/TIDE/chat/").content.decode()


moves = st.lists(
    st.tuples(
        st.sampled_from([activity_digest.MOVED, activity_digest.FINISHED]), st.integers(1, 5), st.sampled_from("AB")
    )
)


@given(moves, st.integers(0, 20))
def test_digest_counts_each_task_once_however_it_is_cut(changes, cut):
    events = [(kind, Event(task_id=task, actor=None, payload={"by": by})) for kind, task, by in changes]
    whole = activity_digest.merge({}, events)
    assert activity_digest.merge(activity_digest.merge({}, events[:cut]), events[cut:]) == whole
    last = {task: kind for kind, task, _by in changes}
    for kind in (activity_digest.MOVED, activity_digest.FINISHED):
        counted = whole.get(kind, {"tasks": []})["tasks"]
        assert sorted(counted) == sorted(task for task, became in last.items() if became == kind)


def test_digest_has_russian_plurals():
    facts = {"parts": {"moved": {"tasks": [1, 2, 3], "by": ["Ana", "Ben", "Cy"]}}}
    with translation.override("ru"):
        assert "3 карточки" in activity_digest.digest_sentence(facts)
    assert activity_digest.digest_sentence(facts) == "Ana and 2 others moved 3 cards."
