"""Every route of the product, taken from the URLconf itself, and how its arguments are filled."""

from collections.abc import Iterator
from typing import NamedTuple

from django.urls import URLPattern, URLResolver, get_resolver

METHODS = ("GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE")
ADMIN = "admin/"


class Route(NamedTuple):
    path: str  # as the URLconf writes it: api/v1/tasks/<int:pk>/
    arguments: tuple[str, ...]  # what each argument names, by the part before it: ("tasks",)

    def filled(self, *values: object) -> str:
        """The address with `values` in place of the arguments, in their order."""
        parts, rest = [], list(values)
        for part in self.path.split("/"):
            parts.append(str(rest.pop(0)) if part.startswith("<") else part)
        return "/" + "/".join(parts)

    @property
    def is_admins(self) -> bool:
        return self.path.startswith(ADMIN)


def routes() -> list[Route]:
    return [Route(path, tuple(_named(path))) for path in dict.fromkeys(_walk(get_resolver()))]


def _walk(resolver: URLResolver, before: str = "") -> Iterator[str]:
    for pattern in resolver.url_patterns:
        path = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield path
        else:
            yield from _walk(pattern, path)


def _named(path: str) -> Iterator[str]:
    parts = path.split("/")
    for before, part in zip(["", *parts], parts, strict=False):
        if part.startswith("<"):
            yield f"{before}.number" if "number" in part else before
