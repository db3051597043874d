"""The gateway that the environment names, as a row beside those made in the admin."""

from django.conf import settings

from apps.agents.models import Gateway

NAME = "OpenClaw"
PRACTICE = "Practice gateway"


def ensure_gateway_from_settings() -> Gateway | None:
    """Make or renew the gateway of OPENCLAW_*; None when OPENCLAW_URL is not set."""
    if not settings.OPENCLAW_URL:
        return None
    hooks = Gateway.Hooks.MAPPED if settings.OPENCLAW_MAPPED_HOOKS else Gateway.Hooks.AGENT
    gateway, _ = Gateway.objects.update_or_create(
        name=PRACTICE if settings.OPENCLAW_IS_PRACTICE else NAME,
        defaults={
            "url": settings.OPENCLAW_URL,
            "hook_token": settings.OPENCLAW_TOKEN,
            "gateway_token": settings.OPENCLAW_GATEWAY_TOKEN,
            "callback_secret": settings.OPENCLAW_CALLBACK_SECRET,
            "hooks": hooks,
            "is_practice": settings.OPENCLAW_IS_PRACTICE,
        },
    )
    return gateway
