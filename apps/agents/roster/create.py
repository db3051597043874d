"""Bringing an agent onto the board: its row, its user, and the projects it may work in."""

import asyncio
from collections.abc import Iterable

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import Hue, User
from apps.agents.models import Agent, Gateway
from apps.agents.roster import impersonation
from apps.agents.runs.dispatch import client_of
from apps.projects.members import memberships
from apps.projects.models import Project

HUES = [Hue.TEAL, Hue.BRICK, Hue.OLIVE, Hue.VIOLET, Hue.OCHRE, Hue.SEA]


@transaction.atomic
def hire(
    gateway: Gateway, *, slug: str, name: str, by: User | None, projects: Iterable[Project] = (), **fields
) -> Agent:
    """A new agent with a user of its own, member of `projects`. `slug` is its id at the gateway.

    Raises names.NameTaken for a name that would be taken for somebody else's.
    """
    impersonation.refuse_impersonation(name)
    agent = Agent.objects.create(user=user_for(slug, name), gateway=gateway, slug=slug, name=name, **fields)
    audit.record("agent.added", by=by, name=name, slug=slug, gateway=gateway)
    put_into(agent, projects, by=by)
    return agent


def user_for(slug: str, name: str) -> User:
    """The user that an agent acts as; nobody can sign in as it."""
    hue = HUES[Agent.objects.count() % len(HUES)]
    return User.objects.create_agent(username=f"agent-{slug}", name=name, hue=hue)


@transaction.atomic
def put_into(agent: Agent, projects: Iterable[Project], *, by: User | None = None) -> None:
    """Make `agent` a member of exactly `projects`."""
    wanted = {project.pk: project for project in projects}
    held = {membership.project_id: membership for membership in agent.user.memberships.all()}
    for pk in sorted(wanted.keys() | held.keys()):
        if pk in wanted:
            memberships.join(wanted[pk], agent.user, by=by)
        else:
            memberships.leave(held[pk], by=by)


def rename(agent: Agent) -> None:
    """Give the agent's user the agent's name, which is what people see.

    Raises names.NameTaken for a name that would be taken for somebody else's.
    """
    impersonation.refuse_impersonation(agent.name, of=agent.user)
    User.objects.filter(pk=agent.user_id).update(name=agent.name)


def import_from(gateway: Gateway, *, by: User) -> list[Agent]:
    """Hire whom the gateway knows and we do not, switched off until somebody has had a look.

    Raises openclaw.GatewayError when the list can't be had.
    """
    known = set(Agent.objects.values_list("slug", flat=True))
    remote = asyncio.run(client_of(gateway).list_agents())
    return [
        hire(
            gateway,
            slug=agent.id[:50],
            name=_bearable(agent.name[:100], agent.id[:50]),
            by=by,
            is_enabled=False,
            **({"model": agent.model[:100]} if agent.model else {}),
        )
        for agent in remote
        if agent.id and agent.id[:50] not in known
    ]


def _bearable(name: str, slug: str) -> str:
    """The name the gateway gave it, with its id where the name alone would be taken for somebody else's."""
    try:
        impersonation.refuse_impersonation(name)
    except impersonation.NameTaken:
        return f"{name[:40]} ({slug})"
    return name
