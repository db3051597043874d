"""Whether this process is alive, and whether it should be sent requests. Neither says anything more; the log does."""

import logging
import threading
from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from redis.exceptions import RedisError

from apps.agents import processes
from teamboard.observability import disk_space

log = logging.getLogger(__name__)
draining = threading.Event()  # teamboard/web/server.py sets it
PATHS = ("/healthz", "/readyz")
migrated = threading.Event()  # once true it stays true for this process
_told_cause = ""  # of this process


class AnyHostMiddleware:
    """Both are asked by the address of a container or a process, which ALLOWED_HOSTS need not know; neither uses it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info in PATHS:
            request.get_host = lambda: settings.PUBLIC_HOST  # type: ignore[method-assign]  # of this request alone
        return self.get_response(request)


@login_not_required
@require_safe
def alive(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


@login_not_required
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """200 with the database there and migrated, and disks that can be written to.

    Redis, workers or beat gone is `degraded`: none is the truth.
    """
    if draining.is_set() or (cause := _why_database_is_not_ready()):
        _tell("It is told to stop" if draining.is_set() else cause)
        return JsonResponse({"status": "down"}, status=503)
    if cause := disk_space.trouble():
        _tell(cause)
        return JsonResponse({"status": "down", "reasons": [str(disk_space.SENTENCE)]}, status=503)
    reasons = [str(processes.SENTENCES[part]) for part in processes.silent()]
    cause = _why_redis_is_silent() or "".join(reasons)
    _tell(cause)
    return JsonResponse({"status": "degraded" if cause else "ok"} | ({"reasons": reasons} if reasons else {}))


def _why_database_is_not_ready() -> str:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return "" if migrated.is_set() else _why_not_migrated()
    except DatabaseError as error:
        return f"The database does not answer: {error}"


def _why_not_migrated() -> str:
    executor = MigrationExecutor(connection)
    if plan := executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return f"The database lacks {len(plan)} migrations: manage.py migrate"
    migrated.set()
    return ""


def _why_redis_is_silent() -> str:
    try:
        cache.get("ready")
    except RedisError as error:
        return f"Redis does not answer: {error}"
    return ""


def _tell(cause: str) -> None:
    """Into the log, when it has changed: it is asked every few seconds."""
    global _told_cause
    if cause == _told_cause:
        return
    _told_cause = cause
    if cause:
        log.warning("Not ready, or not wholly", extra={"cause": cause})
    else:
        log.warning("Ready again")
