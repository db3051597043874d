"""What a person or program is told when we are wrong, when the database is away, and when a disk is full."""

import errno
import sys
from collections.abc import Iterator

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views import defaults
from psycopg import errors

from apps.rest.problems import problem_response, refusal_response

UNWRITABLE = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}


def server_error(request: HttpRequest) -> HttpResponse:
    """The 500 handler; a full disk is 507, and a database that restarts, or a full pool, 503 with Retry-After."""
    if is_disk_full(sys.exception()):
        return disk_full_response(request)
    if isinstance(sys.exception(), (OperationalError, InterfaceError)):
        sentence = _("Team Board can't reach its database. Please try again in a moment.")
        response = plain_response(request, 503, "unavailable", sentence)
        response.headers["Retry-After"] = "2"
        return response
    if request.path.startswith("/api/"):
        return plain_response(request, 500, "error", _("Something is wrong on our side. It has been noted."))
    return defaults.server_error(request)


def is_disk_full(error: BaseException | None) -> bool:
    """Whether it is because a disk, ours or the database's, is full or read-only."""
    return any(
        isinstance(each, errors.DiskFull | errors.ReadOnlySqlTransaction)
        or (isinstance(each, OSError) and each.errno in UNWRITABLE)
        for each in _chain_of(error)
    )


def _chain_of(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def disk_full_response(request: HttpRequest) -> HttpResponse:
    sentence = _("The server's disk is full, so nothing was saved. Please tell an administrator.")
    if not request.path.startswith("/api/") and _wants_json(request):
        return refusal_response(507, sentence, "disk_full")
    return plain_response(request, 507, "disk_full", sentence)


def _wants_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", "application/json"]) == "application/json"


def plain_response(request: HttpRequest, status: int, code: str, sentence: str) -> HttpResponse:
    """An answer made without a template or a query: nothing here may need what is broken."""
    if request.path.startswith("/api/"):
        return problem_response(status, sentence, code)
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain; charset=utf-8")
