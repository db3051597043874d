"""Bringing an agent onto the board: its row, its user, and the projects it may work in."""

from collections.abc import Iterable

from django.db import transaction

from apps.accounts.models import Hue, User
from apps.agents.models import Agent, Gateway
from apps.projects.models import Membership, Project, Role

HUES = [Hue.TEAL, Hue.BRICK, Hue.OLIVE, Hue.VIOLET, Hue.OCHRE, Hue.SEA]


@transaction.atomic
def hire(gateway: Gateway, *, slug: str, name: str, projects: Iterable[Project] = (), **fields) -> Agent:
    """A new agent with a user of its own, member of `projects`. `slug` is its id at the gateway."""
    hue = HUES[Agent.objects.count() % len(HUES)]
    user = User.objects.create_agent(username=f"agent-{slug}", name=name, hue=hue)
    agent = Agent.objects.create(user=user, gateway=gateway, slug=slug, name=name, **fields)
    put_into(agent, projects)
    return agent


@transaction.atomic
def put_into(agent: Agent, projects: Iterable[Project]) -> None:
    """Make `agent` a member of exactly `projects`."""
    projects = list(projects)
    agent.user.memberships.exclude(project__in=projects).delete()
    for project in projects:
        Membership.objects.get_or_create(project=project, user=agent.user, defaults={"role": Role.MEMBER})


@transaction.atomic
def rename(agent: Agent) -> None:
    """Give the agent's user the agent's name, which is what people see."""
    User.objects.filter(pk=agent.user_id).update(name=agent.name)
