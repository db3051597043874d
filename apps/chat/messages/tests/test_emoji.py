"""Which texts are an emoji, and that each is kept in one way."""

import importlib
import itertools

import pytest
from django.apps import apps

from apps.chat.js_messages import PALETTE
from apps.chat.messages import reactions
from apps.chat.messages.emoji import canonical, is_emoji
from apps.chat.models import Reaction
from apps.chat.tests.factories import message_in

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
HEART, HEART_AS_PICTURE = "\u2764", "\u2764\ufe0f"


@pytest.mark.req("FLT-34")
@pytest.mark.parametrize(
    "emoji", ["👍", "👍🏽", HEART, HEART_AS_PICTURE, "👩‍🚀", "1️⃣", "🇩🇪", ENGLAND, "🏳️‍🌈", "☝🏽", "©", "⭐"]
)
def test_reaction_takes_emojis(emoji):
    assert is_emoji(emoji)
    assert is_emoji(canonical(emoji))
    assert canonical(canonical(emoji)) == canonical(emoji)


@pytest.mark.req("FLT-34")
@pytest.mark.parametrize("emoji", ["", "a", "1", "<b>", "👍a", " ", "\u202e", "👍" * 20, ENGLAND[:-1], "\U000e007f"])
def test_reaction_refuses_words(emoji):
    assert not is_emoji(canonical(emoji))


@pytest.mark.req("FLT-34")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (HEART, HEART_AS_PICTURE),
        (HEART_AS_PICTURE, HEART_AS_PICTURE),
        ("\u2764\ufe0e", HEART_AS_PICTURE),
        ("\u2705\ufe0f", "\u2705"),
        ("\u261d\ufe0f\U0001f3fd", "\u261d\U0001f3fd"),
        ("1\u20e3", "1\ufe0f\u20e3"),
        ("\U0001f3f3\u200d\U0001f308", "\U0001f3f3\ufe0f\u200d\U0001f308"),
        (ENGLAND, ENGLAND),
        *((emoji, emoji) for emoji, _name in PALETTE),
    ],
)
def test_emoji_has_one_way_to_be_kept(given, kept):
    assert canonical(given) == kept


@pytest.mark.django_db
@pytest.mark.req("FLT-34")
def test_two_hearts_are_one_reaction(room, ana, ben):
    message = message_in(room, by=ana)
    reactions.react(message, emoji=HEART, by=ana)
    reactions.react(message, emoji=HEART_AS_PICTURE, by=ana)
    reactions.react(message, emoji=HEART_AS_PICTURE, by=ben)
    assert set(Reaction.objects.values_list("emoji", "user")) == {
        (HEART_AS_PICTURE, ana.pk),
        (HEART_AS_PICTURE, ben.pk),
    }
    reactions.unreact(message, emoji=HEART, by=ana)
    assert Reaction.objects.get().user == ben


@pytest.mark.django_db
@pytest.mark.req("FLT-34")
@pytest.mark.parametrize(("first", "second"), list(itertools.product((HEART, HEART_AS_PICTURE), repeat=2)))
def test_reaction_given_twice_is_taken_back(client, room, ana, first, second):
    message = message_in(room, by=ana)
    client.force_login(ana)
    for emoji in (first, second):
        assert client.post(f"/projects/TIDE/chat/messages/{message.pk}/react/", {"emoji": emoji}).status_code < 400
    assert not message.reactions.exists()


@pytest.mark.django_db
@pytest.mark.req("FLT-34")
def test_reactions_from_before_become_one(room, ana, ben):
    message = message_in(room, by=ana)
    for user, emoji in ((ana, HEART), (ana, HEART_AS_PICTURE), (ben, HEART), (ben, "\U0001f44d")):
        Reaction.objects.create(message=message, user=user, emoji=emoji)
    migration = importlib.import_module("apps.chat.migrations.0026_one_way_to_keep_an_emoji")
    for _time in range(2):
        migration.rewrite(apps, None)
        assert sorted(Reaction.objects.values_list("user", "emoji")) == [
            (ana.pk, HEART_AS_PICTURE),
            (ben.pk, HEART_AS_PICTURE),
            (ben.pk, "\U0001f44d"),
        ]


@pytest.mark.parametrize("emoji", [emoji for emoji, _name in PALETTE] + [HEART, "1\u20e3", ENGLAND])
def test_migration_keeps_emojis_as_they_are_kept(emoji):
    migration = importlib.import_module("apps.chat.migrations.0026_one_way_to_keep_an_emoji")
    assert migration.canonical(emoji) == canonical(emoji)
