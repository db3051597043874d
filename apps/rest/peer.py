"""Who is connected to us, which is a proxy where there is one; REMOTE_ADDR is whose request it brings."""

from django.http import HttpRequest


def peer_of(request: HttpRequest) -> str:
    """Its address; "" where there is none, as at a socket of the file system."""
    state = getattr(request, "scope", {}).get("state", {})  # teamboard/web/slow_clients.py keeps it there
    return str(state.get("peer") or request.META.get("REMOTE_ADDR", ""))
