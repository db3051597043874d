import asyncio

from apps.accounts.models import User
from apps.agents.gateways.openclaw_client import OpenClawClient
from apps.agents.models import Agent, Gateway
from apps.agents.roster import impersonation
from apps.agents.roster.actions.create import create
from apps.agents.roster.administrators import require_administrator


def import_agents(gateway: Gateway, *, by: User) -> list[Agent]:
    """Create those agents of the gateway that the board lacks, switched off until somebody has had a look.

    Raises NotAllowed, and openclaw_client.GatewayError when the list can't be had.
    """
    require_administrator(by)
    known = set(Agent.objects.values_list("slug", flat=True))
    remote = asyncio.run(OpenClawClient.for_gateway(gateway).list_agents())
    return [
        create(
            gateway,
            slug=agent.id[:50],
            name=_acceptable_name(agent.name[:100], agent.id[:50]),
            by=by,
            is_enabled=False,
        )
        for agent in remote
        if agent.id and agent.id[:50] not in known
    ]


def _acceptable_name(name: str, slug: str) -> str:
    """The name the gateway gave it, with its id where the name alone would be taken for somebody else's."""
    try:
        impersonation.refuse_impersonation(name)
    except impersonation.NameTaken:
        return f"{name[:40]} ({slug})"
    return name
