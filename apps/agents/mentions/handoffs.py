"""Which agents' messages may start which other agents in a project. None do until a maintainer says so."""

from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Agent, HandoffPermission
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action


class SameAgent(Refused):
    code = "same_agent"
    api_status = 400


def allow(project: Project, *, from_agent: Agent, to_agent: Agent, by: User) -> HandoffPermission:
    """Let the messages of `from_agent` start `to_agent`, and log `handoff.allowed`.

    Raises NotAllowed, and SameAgent for one and the same.
    """
    with locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        if from_agent == to_agent:
            raise SameAgent(_("Choose two different agents."))
        permission, is_new = HandoffPermission.objects.get_or_create(
            project=project, from_agent=from_agent, to_agent=to_agent, defaults={"granted_by": by}
        )
        if is_new:
            agents: dict[str, Any] = {"from_agent": str(from_agent.pk), "to_agent": str(to_agent.pk)}
            events.record(project, "handoff.allowed", by=by, **agents, handoff=str(permission))
    return permission


def revoke(permission: HandoffPermission, *, by: User) -> None:
    """Take it back and log `handoff.revoked`; what was started stays started. Raises NotAllowed."""
    with locked_for_change(permission.project_id, by=by, needs=Action.MANAGE) as project:
        if HandoffPermission.objects.filter(pk=permission.pk).delete()[0]:
            events.record(project, "handoff.revoked", by=by, handoff=str(permission))
