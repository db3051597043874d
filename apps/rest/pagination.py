"""How the API pages a list: by cursor, so that nothing is missed or doubled while rows come in."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from drf_spectacular.utils import OpenApiParameter, inline_serializer
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.response import Response

PARAMETERS = [
    OpenApiParameter("cursor", str, description="Where `next` or `previous` of the last page points."),
    OpenApiParameter("limit", int, description="Rows in a page, 50 unless told, 100 at most."),
]


class Pages(CursorPagination):
    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 100


def page(
    request: Request, rows: QuerySet[Any, Any], shape: type[serializers.Serializer[Any]], *, by: str = "id"
) -> Response:
    """One page of `rows` (models or plain rows, which must have the field `by`), each as a `shape`.

    Raises NotFound for a cursor that is none of ours.
    """
    pages = Pages()
    pages.ordering = (by,)
    try:
        shown = pages.paginate_queryset(rows, request)
    except (ValueError, ValidationError) as error:  # it decodes, but to no position
        raise NotFound(_("This cursor points nowhere.")) from error
    return pages.get_paginated_response(shape(shown, many=True).data)


def page_of(shape: type[serializers.Serializer[Any]]) -> serializers.Serializer[Any]:
    """The answer of `page()`, for the schema."""
    fields = {
        "next": serializers.URLField(allow_null=True),
        "previous": serializers.URLField(allow_null=True),
        "results": shape(many=True),
    }
    return inline_serializer(f"{shape.__name__.removesuffix('Serializer')}Page", fields)
