"""One rule for every name, at every field that takes one."""

# ruff: noqa: RUF001 - names in many scripts, some of whose letters look like others

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from django import forms
from django.apps import apps as django_apps
from django.core.exceptions import ValidationError
from django.db import models
from rest_framework import serializers

import apps
from apps.names import NameField, NameFormField, fault_of, isolate, isolated, tidy, validate_name

pytestmark = pytest.mark.req("FLT-33")

WELL = [
    "Buy rope",
    "Заказать верёвку: 3 м",
    "买绳子 2.0",
    "ロープを買う",
    "밧줄",
    "ซื้อ\u200bเชือก",  # Thai, with a break between words
    "לקנות חבל",
    "شراء حبل",
    "می\u200cخواهم",  # Persian: the joiner is spelling
    "क्\u200dष",  # Devanagari
    "ന്\u200d",  # Malayalam: a joiner at the end
    "dây thừng",
    "👩\u200d💻 on call",
    "❤\ufe0f",
    "1\ufe0f\u20e3",
    "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",  # England
    "葛\U000e0100城",
    "🎉",
    "???",
    'quo"te <b>',
]
LINE_BREAKS = ["a\nb", "a\rb", "a\r\nb", "a\u2028b", "a\u2029b", "a\x85b", "a\x0bb", "a\x0cb", "a\tb"]
INVISIBLE = [
    *("\x00", "\x07", "\x1b", "\x7f", "\x9b", "\xad", "\u034f", "\u061c", "\u115f", "\u1160", "\u17b4", "\u180e"),
    *("\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202b", "\u202c", "\u202d", "\u202e"),
    *("\u2060", "\u2064", "\u2066", "\u2069", "\u206a", "\u2800", "\u3164", "\ufe0f", "\ufeff", "\uffa0", "\ufff9"),
    *("\uffff", "\U0001d173", "\U000e0041", "\U000e0100"),
]
BLANK = ["", " ", "\u00a0", "\u3000", "\u0301"]


@pytest.mark.parametrize("name", WELL)
def test_names_of_all_writings_are_well(name):
    assert fault_of(name) is None
    assert tidy(name) == name


@pytest.mark.parametrize("name", LINE_BREAKS)
def test_names_are_one_line(name):
    assert "one line" in str(fault_of(name))
    assert tidy(name) == "a b"


@pytest.mark.parametrize("character", INVISIBLE, ids=ascii)
def test_names_hide_nothing(character):
    for name in (f"a{character}b", f"a{character}", f"{character}a", f"a {character}{character} b"):
        assert f"U+{ord(character):04X}" in str(fault_of(name))
        assert character not in tidy(name)
    assert tidy(character) == ""


@pytest.mark.parametrize("name", BLANK)
def test_names_show_something(name):
    assert fault_of(name)
    assert tidy(name) == ""


def test_names_allow_joiners_only_where_they_shape_letters():
    assert fault_of("ab\u200dcd")
    assert fault_of("👩\u200d")
    assert fault_of("می\u200c\u200cخ")
    assert fault_of("❤\ufe0f\ufe0f")


def test_names_of_right_to_left_are_isolated_in_sentences():
    assert isolate("Ana") == "Ana"
    assert isolate("Аня") == "Аня"
    assert isolate("אורן") == "\u2068אורן\u2069"
    assert isolate("a\u202eb") == "\u2068a\u202eb\u2069"
    assert isolated({"name": "אורן", "n": 2, "by": ["نور"]}) == {
        "name": "\u2068אורן\u2069",
        "n": 2,
        "by": ["\u2068نور\u2069"],
    }


NAMES = {"name", "title"}
# Not typed by people on the board: Git, pages and providers say them, or they are made fit when they come in.
OTHERS_SAY = {
    *("projects.Branch.name", "projects.Tag.name", "projects.CheckRun.name", "projects.PullRequest.title"),
    *("chat.LinkPreview.title", "chat.Attachment.name"),
}


def test_every_name_in_the_database_is_a_name_field():
    ours = [model for model in django_apps.get_models() if model.__module__.startswith("apps.")]
    fields = {f"{model._meta.label}.{field.name}": field for model in ours for field in model._meta.fields}
    named = {label: field for label, field in fields.items() if label.rpartition(".")[2] in NAMES}
    assert {label for label, field in named.items() if not isinstance(field, NameField)} <= OTHERS_SAY
    assert len(named) > 10


def modules() -> Iterator[object]:
    for found in pkgutil.walk_packages(apps.__path__, "apps."):
        if "tests" not in found.name and found.name.rpartition(".")[2] in ("forms", "serializers"):
            yield importlib.import_module(found.name)


# Serializers of answers: no request is read with them.
ONLY_SHOWN = {
    *("TaskLineSerializer", "TaskSerializer", "PreviewSerializer", "MemberSerializer", "BranchSerializer"),
    *("CheckRunSerializer", "PullRequestSerializer"),
}


def test_every_form_and_serializer_takes_names_alone():
    count = 0
    for module in modules():
        for shape in vars(module).values():
            if not isinstance(shape, type) or shape.__module__ != module.__name__:
                continue
            if issubclass(shape, forms.BaseForm):
                for name, field in shape.base_fields.items():
                    if name in NAMES:
                        count += 1
                        assert validate_name in field.validators or isinstance(field, NameFormField), (shape, name)
            elif issubclass(shape, serializers.Serializer):
                for name, field in shape().fields.items():
                    if name in NAMES and shape.__name__ not in ONLY_SHOWN and not field.read_only:
                        count += 1
                        assert validate_name in field.validators, (shape, name)
    assert count > 10


def test_a_name_field_is_a_plain_column_to_migrations():
    _name, path, _args, kwargs = NameField(max_length=5).deconstruct()
    assert (path, kwargs) == ("django.db.models.CharField", {"max_length": 5})
    assert isinstance(NameField(max_length=5), models.CharField)
    with pytest.raises(ValidationError):
        NameField(max_length=50).run_validators("a\u202eb")
