"""What a form's field offers, where that depends on who fills it in; and texts of many lines."""

from typing import Any, cast

from django.db.models import QuerySet
from django.forms import BaseForm, CharField, ChoiceField, ModelChoiceField, Textarea


def offer_rows(form: BaseForm, name: str, rows: QuerySet[Any]) -> None:
    """Have the field `name`, a choice among rows, offer `rows`."""
    cast("ModelChoiceField[Any]", form.fields[name]).queryset = rows


def offer_choices(form: BaseForm, name: str, choices: list[tuple[Any, Any]]) -> None:
    """Have the field `name`, a choice among texts, offer `choices`: pairs of a value and its label."""
    cast(ChoiceField, form.fields[name]).choices = choices


def lines_as_typed(text: str) -> str:
    """`text` with the line breaks that were typed: a browser sends two characters for each."""
    return text.replace("\r\n", "\n")


class LinesField(CharField):
    """A text of many lines, as it was typed."""

    widget = Textarea

    def __init__(self, *, strip: bool = False, **kwargs: Any) -> None:
        super().__init__(strip=strip, **kwargs)

    def to_python(self, value: Any) -> Any:
        return super().to_python(lines_as_typed(value) if isinstance(value, str) else value)
