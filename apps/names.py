"""Names that people see: of projects, rooms, tasks, labels, columns, files, accounts. One rule for all of them.

A name is one line, has something to look at, and orders no letters but its own. What a name may hold that cannot
be seen is what its writing needs: joiners in Persian and in Indian scripts, breaks between Thai or Khmer words,
the parts of an emoji. Where a name stands in a sentence it is isolated, so that the words around it keep their order.
"""

import re
import unicodedata
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.expressions import Combinable
from django.utils.translation import gettext as _

from apps.lazy_text import LazyText

if TYPE_CHECKING:  # generic for the checker alone
    CharField = models.CharField[str | Combinable, str]
else:
    CharField = models.CharField

BLANK_CHARACTERS = {"\u115f", "\u1160", "\u2800", "\u3164", "\uffa0"}  # letters and symbols that show nothing
# Unicode's Default_Ignorable_Code_Point, controls, halves of characters, what is no character, and blank symbols.
_UNSEEN = (
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u2800\u3164\ud800-\udfff\ufdd0-\ufdef\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff"
    "\U0001bca0-\U0001bca3\U0001d159\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
_LINE_BREAKS = "[\t-\r\x85\u2028\u2029]+"
_EMOJI = "\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u2bff\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
_ARABIC = "\u0600-\u061b\u061d-\u08ff\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefc"
_JOINING = (
    f"\u0590-\u05ff{_ARABIC}\u0900-\u0dff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff\u1820-\u18aa"  # Indian scripts as well
)
_VIRAMAS = "\u094d\u09cd\u0a4d\u0acd\u0b4d\u0bcd\u0c4d\u0ccd\u0d4d\u0dca\u1039\u103a\u17d2"
_WITHOUT_SPACES = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
_HAN = "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_NEEDED = "|".join(
    (
        f"(?<=[{_JOINING}])[\u200c\u200d](?=[{_JOINING}])",
        f"(?<=[{_VIRAMAS}])[\u200c\u200d]",
        f"(?<=[{_WITHOUT_SPACES}])\u200b(?=[{_WITHOUT_SPACES}])",
        f"(?<=[{_EMOJI}\ufe0f])\u200d(?=[{_EMOJI}])",
        f"(?<=[{_EMOJI}0-9#*])[\ufe0e\ufe0f]",
        "(?<=\U0001f3f4)[\U000e0030-\U000e0039\U000e0061-\U000e007a]{3,6}\U000e007f",  # the flags of England and others
        f"(?<=[{_HAN}])[\ufe00-\ufe02\U000e0100-\U000e01ef]",
        "(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]|(?<=[\u1820-\u18aa])\u180e(?=[\u1820-\u18aa])",
    )
)
_PARTS = re.compile(f"(?P<needed>{_NEEDED})|(?P<line_break>{_LINE_BREAKS})|(?P<unseen>{_UNSEEN})")
_FROM_RIGHT = {"R", "AL", "AN", "RLE", "RLO", "RLI", "LRE", "LRO", "LRI", "FSI", "PDF", "PDI"}
FIRST_STRONG_ISOLATE, POP_ISOLATE = "\u2068", "\u2069"


def is_visible(character: str) -> bool:
    """Whether it is something to look at: no space, control, format (zero-width, bidi), mark or filler."""
    return unicodedata.category(character)[0] not in "CZM" and character not in BLANK_CHARACTERS


def fault_of(name: str) -> LazyText | None:
    """The sentence about what `name` may not have, None when it is well."""
    for part in _PARTS.finditer(name):
        if part.lastgroup == "line_break":
            return _("This has to be one line. Leave out the line break or tab.")
        if part.lastgroup == "unseen":
            code = f"U+{ord(part[0]):04X}"
            return _("This has an invisible character ({code}). Leave it out.").format(code=code)
    return None if any(map(is_visible, name)) else _("Write something that can be seen.")


def validate_name(name: str) -> None:
    """For fields of forms, serializers and models. Raises ValidationError."""
    if fault := fault_of(name):
        raise ValidationError(str(fault), code="invalid")


def one_line(text: str) -> str:
    """`text` as a field of one line shows it; a browser would leave the line breaks out and join the words."""
    return re.sub(_LINE_BREAKS, " ", text)


def tidy(name: str) -> str:
    """`name`, which no person typed here, as one line without what cannot be seen; it may come to nothing."""
    plain = _PARTS.sub(lambda part: {"needed": part[0], "line_break": " "}.get(part.lastgroup or "", ""), name)
    return plain.strip() if any(map(is_visible, plain)) else ""


class NameFormField(forms.CharField):
    """A line for a name, which begins where its writing begins."""

    default_validators = [validate_name]

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {**super().widget_attrs(widget), "dir": "auto"}


class NameField(CharField):
    """A CharField that holds a name; migrations know it as a CharField."""

    default_validators = [validate_name]

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.CharField", args, kwargs

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": NameFormField} | kwargs)


def isolate(name: object) -> str:
    """`name` for the middle of a plain sentence; one that is written from the left stays as it is."""
    text = str(name)
    if text.isascii() or not any(unicodedata.bidirectional(character) in _FROM_RIGHT for character in text):
        return text
    return f"{FIRST_STRONG_ISOLATE}{text}{POP_ISOLATE}"


def isolated[T](facts: T) -> T:
    """`facts`, which sentences are made of, with each text in them isolated."""
    makers: dict[type, Callable[[Any], Any]] = {
        str: isolate,
        dict: lambda found: {name: isolated(value) for name, value in found.items()},
        list: lambda found: [isolated(value) for value in found],
    }
    make = makers.get(type(facts))
    return make(facts) if make else facts
