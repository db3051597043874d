"""Which socket leads to which room, and from whose pages it may be opened."""

import logging
from typing import Any
from urllib.parse import urlsplit

from channels.auth import AuthMiddleware
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.security.websocket import WebsocketDenier
from channels.sessions import SessionMiddlewareStack
from django.conf import settings
from django.http.request import split_domain_port, validate_host
from django.urls import path

from apps.accounts.sessions import engine
from apps.projects.realtime.consumers import ProjectConsumer
from teamboard.web.overload import Application, Receive, Send

logger = logging.getLogger(__name__)
DEFAULT_PORTS = {"http": 80, "https": 443}

websocket_urlpatterns = [path("ws/projects/<str:key>/", ProjectConsumer.as_asgi())]


class PersonMiddleware(AuthMiddleware):  # type: ignore[misc]  # channels has no types
    """`scope["user"]` as the session brought them, by the same rule as on pages."""

    async def resolve_scope(self, scope: dict[str, Any]) -> None:
        scope["user"]._wrapped = await database_sync_to_async(engine.person_of)(scope["session"])


def websocket_application() -> Application:
    with_session: Application = SessionMiddlewareStack(PersonMiddleware(URLRouter(websocket_urlpatterns)))
    return with_session


class SameOrigin:
    """Lets a socket be opened by this board's own pages alone (RFC 6455, 10.2).

    Scheme, host and port of its Origin are those of PUBLIC_URL, or of the very address that is asked, where that is
    one of ALLOWED_HOSTS. A page on another port of the same machine is another's page.
    """

    def __init__(self, application: Application) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        headers = [(name.lower(), value.decode("latin-1")) for name, value in scope["headers"]]
        origins = [value for name, value in headers if name == b"origin"]
        own = _own_origins(scope, [value for name, value in headers if name == b"host"])
        if len(origins) == 1 and _parts(origins[0]) in own:
            await self.application(scope, receive, send)
        else:
            logger.warning("Socket refused: its Origin %s is none of %s.", origins, sorted(filter(None, own)))
            await WebsocketDenier()(scope, receive, send)


def _own_origins(scope: dict[str, Any], hosts: list[str]) -> set[tuple[str, str, int] | None]:
    own = {_parts(settings.PUBLIC_URL)}
    if len(hosts) == 1 and validate_host(split_domain_port(hosts[0])[0], settings.ALLOWED_HOSTS):
        scheme = "https" if settings.IS_HTTPS or scope.get("scheme") == "wss" else "http"
        own.add(_parts(f"{scheme}://{hosts[0]}"))
    return own - {None}


def _parts(origin: str) -> tuple[str, str, int] | None:
    """(scheme, host, port) of an Origin as browsers write it; None when it is none, such as `null`."""
    try:
        parts = urlsplit(origin)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme)
    except ValueError:
        return None
    if not parts.hostname or not port or "@" in parts.netloc or parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, parts.hostname, port
