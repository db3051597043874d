"""One reading, that of the message as it is shown, for mentions, chips and runs."""

import contextlib
import itertools
import time
import unicodedata

import pytest

from apps.accounts.models import User
from apps.agents.models import Run
from apps.agents.tests.factories import agent_in
from apps.chat.messages import handles, parse
from apps.chat.rooms.views import room_context
from apps.chat.tests.factories import message_in
from apps.errors import Refused
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

# ruff: noqa: RUF001 - names in many scripts
pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-29")]


def member(board, username: str) -> User:
    return MembershipFactory(project=board, user__username=username, user__name=f"Name of {username}").user


def mentioned(board, text, by) -> list[str]:
    return [user.username for user in parse.parse(board, text, by=by).mentioned]


USERNAMES = [
    *("ana.ruiz@example.org", "o+neil@mail.example.co.uk", "_under_", "__init__", "a_b_c", "bob.", "-dash-", "x"),
    *("小明", "Семён", "שרה", "أحمد", "สมชาย", "지우", "さくら", "अमित", "Nguyễn", "42", "a@b", "İlker"),
]


BEFORE = ["", "ask ", "(", "“", "«", "\n", "你好", "ก", "ל", "και (", "**", "- ", "# ", "“(", "—", "，", "| "]


@pytest.mark.parametrize("username", USERNAMES)
def test_mention_of_what_suggestions_insert(board, ana, username):
    person = member(board, username)
    assert handles.of_project(board).of(person) == username
    for before, after in itertools.product(BEFORE, (" ", " now", "\n")):
        assert mentioned(board, f"{before}@{username}{after}x", ana) == [username], (before, after)
    for form in ("NFC", "NFD"):
        for after in ("", " x", ".", ": x", "\n"):
            text = unicodedata.normalize(form, f"Ask @{username}{after}")
            assert mentioned(board, text, ana) == [username], (form, after)


@pytest.mark.parametrize(
    ("text", "names"),
    [("@ZOE\u0301", []), ("@zo\u200be", ["zoe"]), ("@ﬃ", ["ffi"]), ("@ﬃx", []), ("@ﬀ", []), ("@zoe\u0301 @ﬃ", ["ffi"])],
)
def test_mention_is_as_long_as_what_is_written(board, ana, text, names):
    for username in ("zoe", "ffi", "f"):
        member(board, username)
    assert mentioned(board, text, ana) == names


@pytest.mark.parametrize(
    "after",
    ["", ".", ",", "!", "?", ":", ")", "…", "'s", "’s", " .", "。", "，", "你好", "さん", "님", "ครับ", "*", "/"],
)
def test_mention_ends_where_the_handle_does(board, ana, after):
    member(board, "zoe")
    assert mentioned(board, f"@zoe{after}", ana) == ["zoe"]


@pytest.mark.parametrize("after", ["2", "_", "n", "é", "я", "-maria", ".ruiz", "@example.org", "+x", "/package"])
def test_mention_is_none_of_a_longer_name(board, ana, after):
    member(board, "zoe")
    assert mentioned(board, f"@zoe{after}", ana) == []


def test_mention_of_the_longest_known_handle(board, ana):
    for username in ("zoe", "zoe-maria", "zoe-maria.ruiz", "zoe@example.org", "小明", "小明明"):
        member(board, username)
    assert mentioned(board, "@zoe-maria.ruiz, @zoe-maria. @zoe. @zoe@example.org!", ana) == [
        "zoe-maria.ruiz",
        "zoe-maria",
        "zoe",
        "zoe@example.org",
    ]
    assert mentioned(board, "@小明明你好", ana) == ["小明明"]
    assert mentioned(board, "@小明你好", ana) == ["小明"]


def test_mention_takes_letters_that_are_alike(board, ana):
    member(board, "Семён")
    assert mentioned(board, "@семен", ana) == ["Семён"]
    assert mentioned(board, "@СЕМЁН!", ana) == ["Семён"]


NOT_MEANT = [
    "> @scribe do it",
    "> please\n> @scribe do it",
    "> > @scribe",
    "- > @scribe",
    "> - @scribe",
    r"\@scribe do it",
    "&#64;scribe",
    "`@scribe`",
    "``a ` @scribe``",
    "```\n@scribe\n```",
    "~~~\n@scribe\n~~~",
    "    @scribe",
    "https://a.example/@scribe",
    "https://a.example/?to=@scribe",
    "www.a.example/(@scribe)",
    "a.example/?to=(@scribe",
    "<https://a.example/@scribe>",
    "[@scribe](https://a.example)",
    "[x](https://a.example/@scribe)",
    "mailto:x@scribe.example",
    "x@scribe",
    "@@scribe",
]


@pytest.mark.parametrize("text", NOT_MEANT)
def test_mention_not_meant_starts_no_run(board, room, ana, text):
    scribe = agent_in(board, "Scribe")
    message = message_in(room, ana, f"Look:\n\n{text}")
    assert not message.mentions.exists()
    assert not Run.objects.filter(agent=scribe).exists()
    assert "mention" not in message.html


def test_mention_answers_a_quotation_right_below_it(board, room, ana):
    scribe = agent_in(board, "Scribe")
    message = message_in(room, ana, "> shall we?\n@scribe yes")
    assert message.mentions.get().user == scribe.user
    assert message.html.index("</blockquote>") < message.html.index("mention")


def test_mention_of_an_agent_whose_slug_is_a_username(board, ana, rf, room):
    agent = agent_in(board, "Scribe")
    person = member(board, "scribe")
    request = rf.get("/")
    request.user = ana
    board.role = "owner"
    offered = {each["label"]: each["text"] for each in room_context(request, board, room)["people"]}
    assert mentioned(board, f"{offered[str(agent.user)]} hi", ana) == [agent.user.username]
    assert mentioned(board, f"{offered[str(person)]} hi", ana) == ["scribe"]


def test_mention_offered_means_who_is_offered(board, ana):
    for username in (*USERNAMES, "ana", "Zoe", "zoe"):
        if not User.objects.filter(username=username).exists():
            member(board, username)
    known = handles.of_project(board)
    for user in board.members.all():
        assert mentioned(board, f"@{known.of(user)} x", ana) == [user.username]


CHIPS = [
    "TIDE-{n}",
    "_TIDE-{n}_",
    "**TIDE-{n}**",
    "(TIDE-{n})",
    "看TIDE-{n}吧",
    "“TIDE-{n}”",
    "TIDE-{n}.",
    "TIDE-{n}: x",
    "> TIDE-{n}",
    "~~TIDE-{n}~~",
    "#TIDE-{n}",
    "בTIDE-{n}",
    "TIDE-{n}を見て",
    "- [ ] TIDE-{n}",
    "TIDE-{n}/TIDE-{n}",
]
NO_CHIPS = [
    *("`TIDE-{n}`", "```\nTIDE-{n}\n```", "https://a.example/TIDE-{n}", "http://localhost:8000/TIDE-{n}"),
    *("localhost:8000/projects/TIDE-{n}", "[x](https://a.example/TIDE-{n})", "[TIDE-{n}](https://a.example)"),
    *(
        "x/TIDE-{n}",
        "TIDE-{n}/x",
        "TIDE-{n}.md",
        "?q=TIDE-{n}",
        r"TIDE\-{n}",
        "TIDE-{n}x",
        "xTIDE-{n}",
        "TIDE-0{n}",
        "a_TIDE-{n}",
    ),
    *("<https://a.example/TIDE-{n}>", "    TIDE-{n}", "www.a.example/TIDE-{n}", "TIDE-{n}-fix", "TI**DE-{n}**"),
]


@pytest.mark.parametrize("text", CHIPS)
def test_chip_stands_where_the_key_is_read(room, ana, columns, text):
    task = task_in(columns["ready"])
    message = message_in(room, ana, "See:\n\n" + text.format(n=task.number))
    assert message.task_references.get().task == task
    assert f'data-task="{task.pk}"' in message.html


@pytest.mark.parametrize("text", NO_CHIPS)
def test_run_is_about_no_task_that_is_no_chip(board, room, ana, columns, text):
    scribe = agent_in(board, "Scribe")
    task = task_in(columns["ready"])
    message = message_in(room, ana, "@scribe see:\n\n" + text.format(n=task.number))
    assert not message.task_references.exists()
    assert "chip" not in message.html
    assert Run.objects.get(agent=scribe).referenced_task is None


def test_run_is_about_the_chip_and_not_about_an_address(board, room, ana, columns):
    scribe = agent_in(board, "Scribe")
    first, second = task_in(columns["ready"]), task_in(columns["ready"])
    text = f"@scribe do TIDE-{first.number}, see https://a.example/TIDE-{second.number} and `TIDE-{second.number}`"
    message = message_in(room, ana, text)
    assert [reference.task for reference in message.task_references.all()] == [first]
    assert Run.objects.get(agent=scribe).referenced_task == first


REPEATED = [
    *(
        "@a",
        "@",
        "a",
        "@ab ",
        "TIDE-1/",
        "*TIDE-1",
        "> @b\n",
        "@a\u0301 ",
        "(@\u200b",
        "(@" * 98 + "é ",
        "(@ﬀ",
        "@f\u200b",
    ),
    "(@" + "\u200b" * 80 + "ﬀ",
    *("(@" + "a" * 29 + after for after in ("", "b ", "c ")),
]


@pytest.mark.req("FLT-36")
@pytest.mark.parametrize("unit", REPEATED)
def test_mentions_and_keys_are_read_in_linear_time(board, ana, unit):
    for number in range(30):
        member(board, f"{'a' * number}b")
    member(board, "f")

    def seconds(length: int) -> float:
        text = ("@" + unit * (length // len(unit) + 1))[:length]
        began = time.thread_time()
        with contextlib.suppress(Refused):
            parse.parse(board, text, by=ana)
        return time.thread_time() - began

    times = []
    for _ in range(2):  # a second time where the first was disturbed
        times.append((seconds(12_500), seconds(50_000)))
        if times[-1][1] < 8 * times[-1][0] + 0.1:
            return
    pytest.fail(f"{times} seconds")


def test_named_in_means_the_same_as_all_handles(board, ana):
    for username in (*USERNAMES, "Zoe", "zoe", "zoe-ann", "with space"):
        member(board, username)
    agent_in(board, "Scribe")
    member(board, "agent-x")
    for name in (*USERNAMES, "ZOE", "zoe", "Zoe", "zoe-ann", "with space", "ſcribe", "agent-scribe", "agent-x", "none"):
        for text in (f"@{name}", f"ask @{name}, now", f"(@{name})", f"@{name}님", f"x@{name}", f"@@{name}"):
            found = parse.mentioned_in(text, handles.named_in(board, [text]))
            assert found == parse.mentioned_in(text, handles.of_project(board)), text


def test_named_in_reads_nobody_else(board, ana):
    for n in range(30):
        member(board, f"crew{n:02}")
    scribe = agent_in(board, "Scribe")
    named = handles.members_named_in(board, ["Ask @crew07, @CREW08 or", "@scribe."])
    assert {user.username for user in named} == {"crew07", "crew08", scribe.user.username}
    everybody = handles.members_of(board).count()
    assert handles.members_named_in(board, [" ".join(f"@name{n}" for n in range(3_000))]).count() == everybody
