"""The practice gateway makes way for a real one: it is switched off, its agents take no work, and the audit says so.

Whatever listens at its address later is a stranger, so nothing may be sent there any more. Which of its agents are
enabled stays as it is: that is for when it comes back.
"""

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import User
from apps.agents.models import Agent, Gateway
from apps.agents.roster.administrators import require_administrator


@transaction.atomic
def retire(*, by: User | None) -> list[Agent]:
    """Switch every practice gateway off; returns the agents that take no more work. Raises NotAllowed."""
    require_administrator(by)
    gateways = list(Gateway.objects.select_for_update().filter(is_practice=True, is_enabled=True))
    agents = list(Agent.objects.filter(gateway__in=gateways, is_enabled=True).order_by("name"))
    forgotten = {"hook_token": "", "gateway_token": "", "callback_secret": ""}
    for gateway in gateways:
        _switch(gateway, on=False, by=by, **forgotten)
    return agents


@transaction.atomic
def bring_back(gateway: Gateway) -> None:
    """Switch a retired practice gateway on again, where no other gateway is on."""
    retired = Gateway.objects.select_for_update().filter(pk=gateway.pk, is_enabled=False)
    if retired.exists() and not Gateway.objects.filter(is_enabled=True).exists():
        _switch(gateway, on=True, by=None)
        gateway.is_enabled = True


def _switch(gateway: Gateway, *, on: bool, by: User | None, **secrets: str) -> None:
    Gateway.objects.filter(pk=gateway.pk).update(is_enabled=on, **secrets)
    audit.record("gateway.changed", by=by, name=gateway, fields=["is_enabled"], is_enabled=on)
