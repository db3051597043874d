"""Bring a gateway's agents onto the board: first what it has and which can come, then those that are chosen."""

import asyncio
from collections.abc import Iterable, Iterator
from itertools import chain, count
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from apps import names
from apps.accounts.models import User
from apps.agents.gateways.openclaw_client import OpenClawClient, RemoteAgent
from apps.agents.models import Agent, Gateway
from apps.agents.roster import impersonation
from apps.agents.roster.actions.create import create
from apps.agents.roster.administrators import require_administrator
from apps.projects.models import Project


class Offer(NamedTuple):
    """One of the gateway's agents; `obstacle` says why it can't be brought over, if it can't."""

    remote: RemoteAgent
    obstacle: str


def offers_of(gateway: Gateway, *, by: User) -> list[Offer]:
    """All agents that the gateway has. Raises NotAllowed, and openclaw_client.GatewayError without a list."""
    require_administrator(by)
    remote = asyncio.run(OpenClawClient.for_gateway(gateway).list_agents())
    here = {agent.slug: agent for agent in gateway.agents.all()}
    return [Offer(each, _obstacle(each, here)) for each in remote]


@transaction.atomic
def import_agents(
    gateway: Gateway, chosen: Iterable[RemoteAgent], *, projects: Iterable[Project], is_enabled: bool, by: User
) -> list[Agent]:
    """Create the `chosen` agents, members of `projects`; all of them or none. Raises NotAllowed."""
    require_administrator(by)
    wanted = list(projects)
    return [
        create(
            gateway,
            slug=each.id,
            name=_acceptable_name(names.tidy(each.name)[:100] or each.id, each.id),
            by=by,
            projects=wanted,
            is_enabled=is_enabled,
        )
        for each in chosen
    ]


def _obstacle(remote: RemoteAgent, here: dict[str, Agent]) -> str:
    if agent := here.get(remote.id):
        return _("already here as {name}").format(name=names.isolate(agent))
    try:
        Agent._meta.get_field("slug").run_validators(remote.id)
    except ValidationError as error:
        return " ".join(error.messages)
    return "" if remote.id else _("it has no id")


def _acceptable_name(name: str, slug: str) -> str:
    """The name the gateway gave it, with its id where the name alone would be taken for somebody else's."""
    return next(filter(_is_free, _names(name, slug)))


def _names(name: str, slug: str) -> Iterator[str]:
    return chain([name, f"{name[:40]} ({slug})"], (f"{name[:40]} ({slug} {number})" for number in count(2)))


def _is_free(name: str) -> bool:
    try:
        impersonation.refuse_impersonation(name)
    except impersonation.NameTaken:
        return False
    return True
