"""What a person or program is told when we are wrong, and when the database is away."""

import sys

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults

from apps.rest.problems import problem_response


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500 handler; a database that restarts, or a full pool, is 503 with Retry-After instead."""
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        sentence = _("Team Board can't reach its database. Please try again in a moment.")
        response = plain_response(request, 503, "unavailable", sentence)
        response.headers["Retry-After"] = "2"
        return response
    if request.path.startswith("/api/"):
        return plain_response(request, 500, "error", _("Something is wrong on our side. It has been noted."))
    return defaults.server_error(request)


def plain_response(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
    """An answer made without a template or a query: nothing here may need what is broken."""
    if request.path.startswith("/api/"):
        return problem_response(status, sentence, code)
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
