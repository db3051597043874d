"""Which socket leads to which room."""

from typing import Any

from channels.auth import AuthMiddleware
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path

from apps.accounts.sessions import engine
from apps.projects.realtime.consumers import ProjectConsumer
from teamboard.web.overload import Application

websocket_urlpatterns = [path("ws/projects/<str:key>/", ProjectConsumer.as_asgi())]


class PersonMiddleware(AuthMiddleware):  # type: ignore[misc]  # channels has no types
    """`scope["user"]` as the session brought them, by the same rule as on pages."""

    async def resolve_scope(self, scope: dict[str, Any]) -> None:
        scope["user"]._wrapped = await database_sync_to_async(engine.person_of)(scope["session"])


def websocket_application() -> Application:
    with_session: Application = SessionMiddlewareStack(PersonMiddleware(URLRouter(websocket_urlpatterns)))
    return with_session
