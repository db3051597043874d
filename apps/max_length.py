"""How long a value may be: the model says it once, and the form and the serializer read it there.

What is longer is refused whole, and kept where it was written: no field cuts. Pages show a field's limit as
`data-limit` (templates/django/forms/widgets/attrs.html), for a browser cuts at a `maxlength` what is pasted.
"""

from django.core.validators import MaxLengthValidator
from django.db.models import Model
from django.utils.functional import lazy
from django.utils.translation import gettext as _


def max_length(model: type[Model], field: str) -> int:
    limit: int = model._meta.get_field(field).max_length  # type: ignore[union-attr, assignment]  # asked of texts only
    return limit


def too_long(count: int | str, limit: int | str) -> str:
    """The sentence for a text of `count` characters; static/js/page/limits.js says the same while one types."""
    return _("That is too long: {count} characters, {limit} at most.").format(count=count, limit=limit)


def _filled_by_the_validator() -> str:
    return too_long("%(show_value)d", "%(limit_value)d")


SENTENCE = lazy(_filled_by_the_validator, str)()


def say_in_forms() -> None:
    """Have forms and the admin refuse in these words; teamboard/rest/errors.py does the same for the API."""
    MaxLengthValidator.message = SENTENCE
