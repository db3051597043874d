"""The API described: OpenAPI 3.1 for programs, and a page for people made from the same schema."""

from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from teamboard.rest.schema import APPENDED


@lru_cache(maxsize=1)
def schema() -> dict[str, Any]:
    """The whole schema; it is the code's, so it stands until the process ends."""
    made: dict[str, Any] = SchemaGenerator().get_schema(public=True)  # type: ignore[no-untyped-call]  # it has no types
    for kind, components in APPENDED.items():
        made["components"].setdefault(kind, {}).update(components)
    return made


class SchemaView(APIView):
    @extend_schema(exclude=True)
    def get(self, request: Request) -> Response:
        return Response(schema(), content_type="application/vnd.oai.openapi+json")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    return render(request, "api_docs.html", {"groups": groups(), "version": schema()["info"]["version"]})


def groups() -> dict[str, list[dict[str, Any]]]:
    """The operations as the page lists them, by the first part of their path."""
    found: dict[str, list[dict[str, Any]]] = {}
    for path, methods in schema()["paths"].items():
        for method, operation in methods.items():
            found.setdefault(operation["tags"][0], []).append(
                {
                    "id": operation["operationId"],
                    "method": method.upper(),
                    "path": path,
                    "says": operation.get("description", ""),
                    "parameters": operation.get("parameters", []),
                    "fields": _fields(operation),
                    "answers": sorted(operation["responses"].keys() - {"default"}),
                }
            )
    return found


def _fields(operation: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of the operation's body: name, kind, whether it must be there, and what it is for."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    shape = schema()["components"]["schemas"].get(name, {})
    required = shape.get("required", [])
    return [
        {"name": name, "kind": _kind(field), "is_required": name in required, "says": field.get("description", "")}
        for name, field in shape.get("properties", {}).items()
        if not field.get("readOnly")
    ]


def _kind(field: dict[str, Any]) -> str:
    """`string`, `integer or null`, `array of integer`; an enum by its name."""
    if "$ref" in field:
        named = schema()["components"]["schemas"][field["$ref"].rpartition("/")[2]]
        return " | ".join(map(str, named["enum"])) if "enum" in named else "object"
    if variants := field.get("oneOf") or field.get("anyOf") or field.get("allOf"):
        return " or ".join(filter(None, map(_kind, variants)))
    kinds = field.get("type", "")
    said = " or ".join(kinds) if isinstance(kinds, list) else kinds
    return f"{said} of {_kind(field['items'])}" if "items" in field else said
