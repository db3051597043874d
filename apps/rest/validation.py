"""What a request's body holds, by a serializer."""

from typing import Any

from django.db.models import Model
from rest_framework.request import Request
from rest_framework.serializers import Serializer


def validated(
    serializer_class: type[Serializer[Any]], request: Request, project: Model | None = None, **kwargs: Any
) -> dict[str, Any]:
    """The body's fields. Raises ValidationError; `project` bounds what its ids may name."""
    serializer = serializer_class(data=request.data, context={"project": project}, **kwargs)
    serializer.is_valid(raise_exception=True)
    fields: dict[str, Any] = serializer.validated_data
    return fields
