"""The gateway that the environment names, as a row beside those made in the admin."""

import logging
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.agents.gateways import practice
from apps.agents.models import Gateway
from apps.errors import Refused

log = logging.getLogger(__name__)
NAME = "OpenClaw"
PRACTICE = "Practice gateway"


class SecretTaken(Refused):
    code = "secret_taken"


@transaction.atomic
def ensure_gateway_from_settings() -> Gateway | None:
    """Make or renew the gateway of OPENCLAW_*; None when OPENCLAW_URL is not set.

    A real one retires the practice gateway, whose process no longer runs. Raises SecretTaken.
    """
    if not settings.OPENCLAW_URL:
        return None
    gateway = _row()
    others = Gateway.objects.exclude(pk=gateway.pk).exclude(is_practice=True)
    if signing := others.signing_with(settings.OPENCLAW_CALLBACK_SECRET):
        reason = _("OPENCLAW_CALLBACK_SECRET is the secret of the gateway {name} too. Give each a value of its own.")
        raise SecretTaken(reason.format(name=signing[0]))
    gateway, _is_new = Gateway.objects.update_or_create(pk=gateway.pk, defaults={"name": gateway.name, **_fields()})
    if gateway.is_practice:
        practice.bring_back(gateway)
    elif retired := practice.retire(by=None):
        names = ", ".join(map(str, retired))
        log.warning("OPENCLAW_URL names a gateway: the practice agents are switched off", extra={"agents": names})
    return gateway


def _row() -> Gateway:
    """The row of this gateway: by its name, else one of the admin's with its address and its secret."""
    name = PRACTICE if settings.OPENCLAW_IS_PRACTICE else NAME
    named = Gateway.objects.filter(name=name).first()
    at_address = Gateway.objects.filter(url=settings.OPENCLAW_URL, is_practice=False)
    same = at_address.signing_with(settings.OPENCLAW_CALLBACK_SECRET)
    return named or next(iter(same), None) or Gateway(name=name)


def _fields() -> dict[str, Any]:
    return {
        "url": settings.OPENCLAW_URL,
        "hook_token": settings.OPENCLAW_TOKEN,
        "gateway_token": settings.OPENCLAW_GATEWAY_TOKEN,
        "callback_secret": settings.OPENCLAW_CALLBACK_SECRET,
        "hooks": Gateway.Hooks.MAPPED if settings.OPENCLAW_MAPPED_HOOKS else Gateway.Hooks.AGENT,
        "is_practice": settings.OPENCLAW_IS_PRACTICE,
        **({"unproved_url": settings.OPENCLAW_URL} if settings.OPENCLAW_ACCEPT_UNPROVED else {}),
    }
