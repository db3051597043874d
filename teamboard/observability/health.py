"""Whether this process is alive, and whether it should be sent requests. Neither says anything more."""

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

draining = threading.Event()  # teamboard/web/server.py sets it
PATHS = ("/healthz", "/readyz")
migrated = threading.Event()  # once true it stays true for this process


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
    """200 with the database there and migrated; Redis gone is `degraded`: it is not the truth."""
    if draining.is_set() or not _database_is_ready():
        return JsonResponse({"status": "down"}, status=503)
    return JsonResponse({"status": "ok" if _redis_answers() else "degraded"})


def _database_is_ready() -> bool:
    try:
        connection.ensure_connection()
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        return migrated.is_set() or _is_migrated()
    except DatabaseError:
        return False


def _is_migrated() -> bool:
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    migrated.set()
    return True


def _redis_answers() -> bool:
    try:
        cache.get("ready")
    except RedisError:
        return False
    return True
