"""Filters of the API's lists."""

from django import forms
from django.db.models import Model, QuerySet
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request


class WholeNumberFilter(filters.Filter):
    """By a whole number; the library's NumberFilter would take 1e999999999 and compute it."""

    field_class = forms.IntegerField


def filtered[Row: Model](request: Request, filter_class: type[filters.FilterSet], rows: QuerySet[Row]) -> QuerySet[Row]:
    """`rows` by the filters of the query string. Raises ValidationError for one that is unknown or wrong."""
    known = filter_class.base_filters
    if unknown := request.query_params.keys() - known.keys() - {"cursor", "limit"}:
        sentence = _("There is no such filter. There are: {names}.").format(names=", ".join(known))
        raise ValidationError(dict.fromkeys(sorted(unknown), sentence))
    applied = filter_class(request.query_params, queryset=rows)
    if not applied.is_valid():
        raise ValidationError(applied.errors)
    found: QuerySet[Row] = applied.qs
    return found


def filter_parameters(filter_class: type[filters.FilterSet]) -> list[OpenApiParameter]:
    known = filter_class.base_filters.items()
    return [OpenApiParameter(name, str, description=str(one.label or "")) for name, one in known]
