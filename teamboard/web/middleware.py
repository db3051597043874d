"""Refusals as answers for people, their language and clock, and private pages kept out of caches."""

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.cache import add_never_cache_headers

from apps.accounts import audit
from apps.accounts.users import time_zones
from apps.errors import NotAllowed, Refused
from apps.rest.problems import refusal_response

Answer = Callable[[HttpRequest], HttpResponse]


class PersonLocaleMiddleware:
    """The language: the person's own choice (kept in a cookie), else what their browser asks for."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with translation.override(translation.get_language_from_request(request)):
            request.LANGUAGE_CODE = translation.get_language()
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", request.LANGUAGE_CODE)
        return response


class PersonTimeZoneMiddleware:
    """The clock of what the server writes. Stands behind the middleware that has fetched the person anyway.

    Doors without sign-in, and the API with them, keep to UTC.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        with timezone.override(None):
            return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., HttpResponse], args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> None:
        zone = time_zones.zone_of(request) if getattr(view, "login_required", True) else None
        if zone:
            timezone.activate(zone)


class PrivateByDefaultMiddleware:
    """What a signed-in person sees is for no cache."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not response.has_header("Cache-Control") and not request.path.startswith(settings.STATIC_URL):
            add_never_cache_headers(response)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        return response


class NoNulMiddleware:
    """A NUL in an address finds nothing anywhere, and PostgreSQL calls it an error: 400 before that."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise BadRequest("NUL")
        return self.get_response(request)


class RefusalMiddleware:
    """A rule that says no becomes a sentence with its status: a page, or JSON for our scripts."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not isinstance(exception, Refused):
            return None
        if isinstance(exception, NotAllowed):
            audit.denied(request, exception.code)
        response = answer_to(request, exception)
        if exception.retry_after:
            response.headers["Retry-After"] = str(exception.retry_after)
        return response


def answer_to(request: HttpRequest, refused: Refused) -> HttpResponse:
    if request.get_preferred_type(["text/html", "application/json"]) == "application/json":
        return refusal_response(refused.page_status, str(refused.message), refused.code, **refused.facts)
    return render(request, "refusal.html", {"refusal": refused}, status=refused.page_status)
