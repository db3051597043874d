"""HTTP goes to Django, sockets to the project's feed behind an Origin check."""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")

import django

django.setup()

from channels.routing import ProtocolTypeRouter  # noqa: E402

from teamboard.sockets import SameOrigin, websocket_application  # noqa: E402
from teamboard.web.handler import http_application  # noqa: E402

application = ProtocolTypeRouter(
    {
        "http": http_application(),
        "websocket": SameOrigin(websocket_application()),
    }
)
