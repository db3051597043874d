"""How long a value may be: the model says it once, and the form and the serializer read it there."""

from django.db.models import Model


def max_length(model: type[Model], field: str) -> int:
    limit: int = model._meta.get_field(field).max_length  # type: ignore[union-attr, assignment]  # asked of texts only
    return limit
