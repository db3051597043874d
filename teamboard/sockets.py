"""Which socket leads to which room."""

from channels.auth import AuthMiddleware
from channels.db import database_sync_to_async
from channels.routing import URLRouter
from channels.sessions import SessionMiddlewareStack
from django.urls import path

from apps.accounts.sessions import engine
from apps.projects.realtime.consumers import ProjectConsumer

websocket_urlpatterns = [path("ws/projects/<str:key>/", ProjectConsumer.as_asgi())]


class PersonMiddleware(AuthMiddleware):
    """`scope["user"]` as the session brought them, by the same rule as on pages."""

    async def resolve_scope(self, scope: dict) -> None:
        scope["user"]._wrapped = await database_sync_to_async(engine.person_of)(scope["session"])


def websocket_application():
    return SessionMiddlewareStack(PersonMiddleware(URLRouter(websocket_urlpatterns)))
