"""What must stand in the environment before Django is imported: as in production, but on loopback."""

import os
import secrets
import sys
from pathlib import Path

HOOK_TOKEN, GATEWAY_TOKEN, CALLBACK_SECRET = (secrets.token_hex(24) for _ in range(3))


def prepare(folder: Path, port: int, messages_per_minute: int = 100_000) -> None:
    """Set what `.env` sets in production; the services come from whoever started us."""
    if not {"DATABASE_URL", "REDIS_URL"} <= os.environ.keys():
        sys.exit("Run this with services: python -m teamboard.launch.with_services python -m bench")
    os.environ |= {
        "DEBUG": "0",
        "SECRET_KEY": secrets.token_hex(32),
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "OUTBOUND_ALLOWED_HOSTS": "127.0.0.1",
        "STATIC_ROOT": str(folder / "static"),
        "GIT_FOLDER": str(folder / "git"),
        "GIT_PLAIN_HTTP": "1",
        "LOG_LEVEL": "WARNING",
        "DRAIN_SECONDS": "0",
        "API_WRITES_PER_MINUTE": "100000",
        "CHAT_MESSAGES_PER_MINUTE": str(messages_per_minute),
        "DJANGO_SETTINGS_MODULE": "teamboard.settings",
    }
