"""HTTP goes to Django, sockets to the project's feed behind an Origin check."""

import os
import threading

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "teamboard.settings")

import django

django.setup()

from channels.routing import ProtocolTypeRouter  # noqa: E402
from channels.security.websocket import AllowedHostsOriginValidator  # noqa: E402

from teamboard.observability.health import drain_on_sigterm  # noqa: E402
from teamboard.sockets import websocket_application  # noqa: E402
from teamboard.web.handler import http_application  # noqa: E402

if threading.current_thread() is threading.main_thread():
    drain_on_sigterm()  # the server has set its own handler before it imports this

application = ProtocolTypeRouter(
    {
        "http": http_application(),
        "websocket": AllowedHostsOriginValidator(websocket_application()),
    }
)
