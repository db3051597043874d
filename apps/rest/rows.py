"""Rows as the API shows them."""

from collections.abc import Iterable
from typing import Any, cast

from rest_framework.serializers import BaseSerializer


def shown(shape: type[BaseSerializer[Any]], rows: Iterable[object]) -> list[dict[str, Any]]:
    """Each of `rows` as a `shape`."""
    return cast("list[dict[str, Any]]", shape(rows, many=True).data)
