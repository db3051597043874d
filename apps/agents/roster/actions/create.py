from collections.abc import Iterable
from itertools import chain, count
from typing import Any

from django.db import IntegrityError, transaction

from apps.accounts import audit
from apps.accounts.models import Hue, User
from apps.agents.models import Agent, Gateway
from apps.agents.roster import impersonation
from apps.agents.roster.actions.set_projects import set_projects
from apps.agents.roster.administrators import require_administrator
from apps.constraints import violates
from apps.projects.models import Project

HUES = [Hue.TEAL, Hue.BRICK, Hue.OLIVE, Hue.VIOLET, Hue.OCHRE, Hue.SEA]


@transaction.atomic
def create(
    gateway: Gateway, *, slug: str, name: str, by: User | None, projects: Iterable[Project] = (), **fields: Any
) -> Agent:
    """A new agent with a user of its own, member of `projects`. `slug` is its id at the gateway.

    Raises NotAllowed, and NameTaken for a name that would be taken for somebody else's.
    """
    require_administrator(by)
    impersonation.refuse_impersonation(name)
    agent = Agent.objects.create(user=create_user(slug, name, gateway), gateway=gateway, slug=slug, name=name, **fields)
    audit.record("agent.added", by=by, name=name, slug=slug, gateway=gateway)
    set_projects(agent, projects, by=by)
    return agent


def create_user(slug: str, name: str, gateway: Gateway) -> User:
    """The user that an agent acts as; nobody can sign in as it.

    Every gateway may have an agent of this slug, so the second one goes by `slug-2`, and so on.
    """
    hue = HUES[Agent.objects.count() % len(HUES)]
    usernames = chain([f"agent-{slug}"], (f"agent-{slug}-{number}" for number in count(2)))
    while True:
        try:
            with transaction.atomic():
                return User.objects.create_agent(
                    username=next(usernames), name=name, hue=hue, is_practice=gateway.is_practice
                )
        except IntegrityError as error:
            if not violates(error, "accounts_user_username_key"):
                raise
