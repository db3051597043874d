from typing import Any

from django.db import transaction

from apps.accounts import audit
from apps.accounts.models import User
from apps.agents.models import Agent
from apps.agents.roster import impersonation
from apps.agents.roster.administrators import require_administrator


@transaction.atomic
def update(agent: Agent, *, by: User, **fields: Any) -> Agent:
    """Change `fields` of `agent`, whose user goes by its name.

    Raises NotAllowed, and NameTaken for a name that would be taken for somebody else's.
    """
    require_administrator(by)
    agent.refresh_from_db(from_queryset=Agent.objects.select_for_update(of=["self"]).select_related("gateway", "user"))
    for name, value in fields.items():
        setattr(agent, name, value)
    agent.save(update_fields=[*fields, "updated_at"])
    update_user(agent)
    audit.record("agent.changed", by=by, name=agent, fields=list(fields))
    return agent


def update_user(agent: Agent) -> None:
    """Give the agent's user what people see: the agent's name, and whether its gateway only practises.

    Raises NameTaken for a name that would be taken for somebody else's.
    """
    impersonation.refuse_impersonation(agent.name, of=agent.user)
    User.objects.filter(pk=agent.user_id).update(name=agent.name, is_practice=agent.gateway.is_practice)
