"""What a form's field offers, where that depends on who fills it in."""

from typing import Any, cast

from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField


def offer_rows(form: BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Have the field `name`, a choice among rows, offer `rows`."""
    cast("ModelChoiceField[Any]", form.fields[name]).queryset = rows


def offer_choices(form: BaseForm, name: str, choices: list[tuple[Any, Any]]) -> None:
    """Have the field `name`, a choice among texts, offer `choices`: pairs of a value and its label."""
    cast(ChoiceField, form.fields[name]).choices = choices
