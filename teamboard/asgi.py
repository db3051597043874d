"""HTTP goes to Django, sockets to the project's feed behind an Origin check."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")

from django.core.asgi import get_asgi_application

django = get_asgi_application()

from channels.auth import AuthMiddlewareStack  # noqa: E402
from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from teamboard.overload import Bounded  # noqa: E402
from teamboard.sockets import websocket_urlpatterns  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": Bounded(django),
        "websocket": AllowedHostsOriginValidator(AuthMiddlewareStack(URLRouter(websocket_urlpatterns))),
    }
)
