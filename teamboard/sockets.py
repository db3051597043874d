"""Which socket leads to which room."""

from django.urls import path

from apps.projects.consumers import ProjectConsumer

websocket_urlpatterns = [path("ws/projects/<str:key>/", ProjectConsumer.as_asgi())]
