"""What the API answers when it can't do what was asked: problem+json (RFC 9457), always."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views import defaults
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser
from rest_framework.response import Response

from apps import max_length, strict_json
from apps.accounts import audit
from apps.errors import NotAllowed, Refused
from apps.rest.peer import peer_of
from apps.rest.problems import MEDIA_TYPE, problem, problem_response
from teamboard.web.error_pages import plain_response

# The API refuses what is too long in the same words as forms: its own would not say how long it is.
serializers.CharField.default_error_messages = {
    **serializers.CharField.default_error_messages,
    "max_length": max_length.SENTENCE,
}


class TooLarge(exceptions.APIException):
    status_code = 413
    default_code = "too_large"
    default_detail = gettext_lazy("This is more than can be taken in one request (2.5 MiB).")


class BoundedJSON(BaseParser):
    """JSON in UTF-8, whatever the charset parameter says, of at most DATA_UPLOAD_MAX_MEMORY_SIZE."""

    media_type = "application/json"

    def parse(
        self, stream: object, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return strict_json.loads((parser_context or {})["request"]._request.body, whole_characters=True)
        except RequestDataTooBig as error:
            raise TooLarge from error
        except ValueError as error:
            raise exceptions.ParseError(_("The body is not JSON in UTF-8.")) from error


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler. What is not named here is our fault: None makes it a 500."""
    if isinstance(error, NotAllowed | PermissionDenied | exceptions.PermissionDenied):
        audit.denied(context["request"], getattr(error, "code", exceptions.PermissionDenied.default_code))
    if isinstance(error, Refused):
        return Response(
            problem(error.api_status, str(error.message), error.code, **error.facts),
            status=error.api_status,
            headers={"Retry-After": str(error.retry_after)} if error.retry_after else None,
            content_type=MEDIA_TYPE,
        )
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    response = Response(_problem_of(error), status=error.status_code, content_type=MEDIA_TYPE)
    if challenge := getattr(error, "auth_header", None):
        response.headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        response.headers["Retry-After"] = str(int(wait) + 1)
    return response


def _problem_of(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, exceptions.ValidationError):
        errors = list(_field_errors(error.detail))
        return problem(error.status_code, _("Some fields are not right."), "invalid", errors=errors)
    return problem(error.status_code, str(error.detail), error.default_code)


def _field_errors(detail: Any, field: str = "") -> Iterator[dict[str, Any]]:
    """The nested errors of a serializer as a flat list; `field` is a path such as `labels.0`."""
    if isinstance(detail, exceptions.ErrorDetail):
        yield {"field": field, "code": detail.code, "message": str(detail)}
        return
    is_list_of_words = isinstance(detail, list) and all(isinstance(one, str) for one in detail)
    parts = detail.items() if isinstance(detail, dict) else enumerate(detail)
    for name, inner in parts:
        is_own = is_list_of_words or name == "non_field_errors"
        yield from _field_errors(inner, field if is_own else f"{field}.{name}".strip("."))


def is_api(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The 400 handler, also for a form that is too large, which is 413, and for a Host that is not ours."""
    if isinstance(exception, DisallowedHost):
        return unknown_host(request)
    if not is_api(request):
        response = defaults.bad_request(request, exception)
        response.status_code = 413 if isinstance(exception, RequestDataTooBig) else 400
        return response
    if isinstance(exception, RequestDataTooBig):
        return problem_response(413, str(TooLarge.default_detail), TooLarge.default_code)
    return problem_response(400, _("This request makes no sense."), "bad_request")


def unknown_host(request: HttpRequest) -> HttpResponse:
    """Django's log has it already; the answer needs neither a template nor the Host."""
    sentence = _(
        "Team Board does not answer at %(host)s: it is at %(public_url)s. Administrators: ALLOWED_HOSTS names others, "
        "and a proxy must hand on the Host it is asked for. This request came from %(peer)s."
    ) % {
        "host": request.headers.get("Host", "")[:200],
        "public_url": settings.PUBLIC_URL,
        "peer": peer_of(request),
    }
    return plain_response(request, 400, "unknown_host", sentence)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    audit.denied(request, exceptions.PermissionDenied.default_code)
    if is_api(request):
        return problem_response(403, _("You may not do this."), "permission_denied")
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if is_api(request):
        return problem_response(404, str(exceptions.NotFound.default_detail), "not_found")
    return defaults.page_not_found(request, exception)
