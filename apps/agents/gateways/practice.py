"""The practice gateway makes way for a real one: it and its agents are switched off, and the audit says so.

Whatever listens at its address later is a stranger, so nothing may be sent there any more.
"""

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import User
from apps.agents.models import Agent, Gateway
from apps.agents.roster.administrators import require_administrator


@transaction.atomic
def retire(*, by: User | None) -> list[Agent]:
    """Switch every practice gateway off, and its agents; returns those agents. Raises NotAllowed."""
    require_administrator(by)
    gateways = list(Gateway.objects.select_for_update().filter(is_practice=True, is_enabled=True))
    agents = list(Agent.objects.select_for_update().filter(gateway__in=gateways, is_enabled=True).order_by("name"))
    _switch(gateways, agents, on=False, by=by)
    forgotten = {"hook_token": "", "gateway_token": "", "callback_secret": ""}
    Gateway.objects.filter(pk__in=[gateway.pk for gateway in gateways]).update(**forgotten)
    return agents


@transaction.atomic
def bring_back(gateway: Gateway) -> None:
    """Switch a retired practice gateway on again with its agents, where no other gateway is on."""
    retired = Gateway.objects.select_for_update().filter(pk=gateway.pk, is_enabled=False)
    if retired.exists() and not Gateway.objects.filter(is_enabled=True).exists():
        _switch([gateway], list(gateway.agents.filter(is_enabled=False)), on=True, by=None)
        gateway.is_enabled = True


def _switch(gateways: list[Gateway], agents: list[Agent], *, on: bool, by: User | None) -> None:
    Gateway.objects.filter(pk__in=[gateway.pk for gateway in gateways]).update(is_enabled=on)
    Agent.objects.filter(pk__in=[agent.pk for agent in agents]).update(is_enabled=on)
    for gateway in gateways:
        audit.record("gateway.changed", by=by, name=gateway, fields=["is_enabled"], is_enabled=on)
    for agent in agents:
        audit.record("agent.changed", by=by, name=agent, fields=["is_enabled"], is_enabled=on)
