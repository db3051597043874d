"""Search denies nothing that stands there: in every writing, in code-like words, however often it was said."""

# ruff: noqa: RUF001 - names in many scripts

import itertools
import unicodedata
from urllib.parse import urlencode

import pytest
from django.db.models import TextField, Value
from django.db.models.functions import Cast
from django.test import Client

from apps import words
from apps.accounts.tests.programs import Program
from apps.chat.messages import history
from apps.chat.models import Message
from apps.chat.search import search
from apps.chat.tests.factories import message_in
from apps.projects.models import Project
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-28")]

# What was said, and what is looked for in it.
SAID = {
    "今天我们在码头买绳子，然后修船。": ["绳子", "绳", "买绳子", "码头", "修船。", "我们 修船", "修船，码头", "天"],
    "明日ロープを買いに行きます。データベースも直す": ["ロープ", "ロ", "買い", "データ", "ﾛｰﾌﾟ", "ます"],
    "부두에서 밧줄을 샀어요": ["밧줄", "밧줄을", "줄", "부두", unicodedata.normalize("NFD", "밧줄")],
    "เราจะซื้อเชือกที่ท่าเรือพรุ่งนี้": ["เชือก", "ท่าเรือ", "ซื้อ", "พรุ่งนี้", "เรา"],
    "हमें घाट पर रस्सी खरीदनी है": ["रस्सी", "घाट", "खरीद", "है", "हम"],
    "קנינו חבל ברציף, וְשָׁלוֹם": ["חבל", "רציף", "ושלום", "ב", "וְשָׁלוֹם"],
    "اشترينا حبلاً من الرصيف يا مُحَمَّد": ["حبلا", "الرصيف", "رصيف", "محمد", "من", "يا"],
    "Верёвка куплена, ещё мёд и ёж": ["веревка", "верёвка", "ВЕРЕВКА", "еще", "мед", "ёж", "еж", "ме", "и"],
    "Mua dây thừng ở bến cảng Đà Nẵng": ["dây", "thừng", "ở", "đà nẵng", unicodedata.normalize("NFD", "thừng"), "bến"],
    "Straße nach Zürich, Oslo ΟΔΟΣ": [
        "straße",
        "zürich",
        unicodedata.normalize("NFD", "Zürich"),
        "ΟΔΟΣ",
        "οδος",
        "Zü",
    ],
    "See TIDE-7 and QZ-70, node.js 2.0, db.py": [
        *(
            "TIDE-7",
            "tide-7",
            "7",
            "TIDE",
            "QZ-7",
            "QZ",
            "node.js",
            "node",
            "js",
            "2.0",
            "2",
            "0",
            "db.py",
            "db",
            "py",
            "see",
        ),
    ],
    "std::string c++ C# .env --force path/to/file_name.txt a_b x=1": [
        *(
            "std::string",
            "c++",
            "c#",
            ".env",
            "--force",
            "to/file",
            "file_name",
            "name.txt",
            "a_b",
            "x=1",
            "string",
            "x",
            "fi",
        ),
    ],
    "foo(bar)[0] = {'k': \"v\"}; don’t use 10.0.0.1:8080 or user@host.example #12": [
        *(
            "foo(bar)",
            "bar",
            "don't",
            "don’t",
            "10.0.0.1",
            "10.0",
            ":8080",
            "8080",
            "user@host",
            "host.example",
            "#12",
            "12",
            "'k'",
            "do",
        ),
    ],
    "买3个v2版本的TIDE-9吧": ["3", "v2", "TIDE-9", "版本", "9"],
    "done 🎉 and ❤️ → next 50% off £5 e\u00adx\u200btra": [
        "🎉",
        "❤",
        "❤️",
        "→",
        "done 🎉",
        "50%",
        "50",
        "£5",
        "5",
        "extra",
    ],
    "ＦＵＬＬ－ＷＩＤＴＨ ｶﾅ TIDE‑8 TIDE–9": ["full-width", "カナ", "TIDE-8", "TIDE-9"],
    "100_000% \\d+ back\\slash 'quoted' a|b": ["100_000", "\\d", "back\\slash", "quoted", "b", "a|b"],
}
LOOKED_FOR = [(text, query) for text, queries in SAID.items() for query in queries if query]


@pytest.fixture
def talk(board, room, ana) -> dict[str, int]:
    keys = {text: message_in(room, ana, "something").pk for text in SAID}
    for text, pk in keys.items():
        Message.objects.filter(pk=pk).update(text=text)
    return keys


@pytest.mark.parametrize("recent", [0, 10**9], ids=["index", "scan"])
def test_search_finds_what_stands_there(board, talk, monkeypatch, recent):
    monkeypatch.setattr(search, "RECENT", recent)
    denied = [(text, query) for text, query in LOOKED_FOR if talk[text] not in search.search(board, query)[0]]
    assert denied == []


def test_search_by_index_and_by_scan_agree_on_everything(board, talk, monkeypatch):
    monkeypatch.setattr(history, "PAGE", 3)
    for _text, query in LOOKED_FOR:
        answers = []
        for recent in (0, 4, 10**9):
            monkeypatch.setattr(search, "RECENT", recent)
            answers.append(search.search(board, query))
        assert answers[0] == answers[1] == answers[2], query


@pytest.mark.parametrize("query", ["op", "or", "an", "kn", "KA"])
def test_search_by_two_letters_stays_at_the_beginning_of_words(board, room, ana, query):
    message_in(room, ana, "rope, word, plan, unknown, кака")
    assert search.search(board, query)[0] == []


@pytest.mark.parametrize("query", ["QZ-7", "node.js", "绳子", "ёж", "7", "🎉", "db"])
@pytest.mark.parametrize("often", [1, 45, 120])
def test_search_answer_does_not_depend_on_frequency(board, room, ana, query, often):
    wanted = [message_in(room, ana, f"see {query} now {number}x").pk for number in range(often)]
    message_in(room, ana, "something else")
    seen, before = [], None
    while True:
        keys, before = search.search(board, query, before=before)
        seen += keys
        if not before:
            break
    assert seen == wanted[::-1]


def test_search_for_an_emoji_is_no_error(board, room, ana):
    message = message_in(room, ana, "done 🎉")
    client = Client()
    client.force_login(ana)
    assert f"around={message.pk}" in client.get("/projects/TIDE/chat/search/", {"q": "🎉"}).content.decode()
    answer = Program(ana).get("projects/TIDE/messages/?q=%F0%9F%8E%89")
    assert answer.status_code == 200
    assert [each["id"] for each in answer.json()["messages"]] == [message.pk]
    for query in ("👩‍💻", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "❤", "=>", "^$", "+", "ё"):
        assert Program(ana).get(f"projects/TIDE/messages/?{urlencode({'q': query})}").status_code == 200, query
    for query in ("%", "\\", "'", "_", "!?", "\u200b"):  # nothing to look for
        assert Program(ana).get(f"projects/TIDE/messages/?{urlencode({'q': query})}").status_code in (200, 400), query


def test_search_signs_are_no_patterns(board, room, ana):
    message_in(room, ana, "plain text 100 abc")
    for query in ("100%x", "a_c", "pl.in", "p[l]ain2", "te*t9", "x\\b"):
        assert search.search(board, query)[0] == []


def test_search_takes_people_and_rooms_as_it_takes_words(board, room, ana):
    person = MembershipFactory(project=board, user__username="Семён", user__name="Семён Орлов").user
    message = message_in(room, person, "Верёвка")
    for query in ("from:семен", "from:@СЕМЁН", 'from:"семен орлов"', "веревка from:Семен"):
        assert search.search(board, query)[0] == [message.pk], query
    room.name = "Ёлка"
    room.save(update_fields=["name"])
    assert search.search(board, "in:елка веревка")[0] == [message.pk]


def test_search_of_tasks_for_suggestions_takes_the_same_words(board, columns, ana):
    task = task_in(columns["ready"], "Купить верёвку 买绳子 node.js İstanbul 100%_\\")
    for query in (
        "веревк",
        "绳子",
        "NODE.js",
        "İstanbul",
        "istanbul",
        "КУПИТЬ",
        "100%",
        "%_\\",
        unicodedata.normalize("NFD", "верёвку"),
    ):
        found = Program(ana).get(f"projects/TIDE/tasks/?{urlencode({'q': query})}").json()
        assert [each["id"] for each in found["results"]] == [task.pk], query


def test_words_are_folded_alike_by_python_and_database(board):
    texts = [
        *SAID,
        "ЁЖИК",
        "Ａｂ－１",
        "ﬁ",
        "e\u0301",
        "don’t",
        "İstanbul",
        "I\u0307",
        *itertools.chain(*SAID.values()),
    ]
    for text in texts:
        folded = words.folded(Cast(Value(text), TextField()))
        assert Project.objects.filter(pk=board.pk).values_list(folded, flat=True).get() == words.fold(text)


@pytest.mark.parametrize(
    ("query", "terms"),
    [
        ("TIDE-7, node.js; (2.0)", ["TIDE-7", "node.js", "2.0"]),
        ("“quoted” «так» 「引用」", ["quoted", "так", "引用"]),
        ("C++ C# .env --force", ["C++", "C#", "env", "force"]),
        ("买绳子，修船", ["买绳子", "修船"]),
        ("🎉", ["🎉"]),
        ("=>", ["=>"]),
        ("!?", []),
        ("", []),
    ],
)
def test_terms_of_a_query(query, terms):
    assert words.terms_of(query) == terms
