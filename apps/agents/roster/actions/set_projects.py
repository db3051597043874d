from collections.abc import Iterable

from django.db import transaction

from apps.accounts.models import User
from apps.agents.models import Agent
from apps.agents.roster.administrators import require_administrator
from apps.projects.members import memberships
from apps.projects.models import Project


@transaction.atomic
def set_projects(agent: Agent, projects: Iterable[Project], *, by: User | None = None) -> None:
    """Make `agent` a member of exactly `projects`. Raises NotAllowed."""
    require_administrator(by)
    wanted = {project.pk: project for project in projects}
    held = {membership.project_id: membership for membership in agent.user.memberships.all()}
    for pk in sorted(wanted.keys() | held.keys()):
        if pk in wanted:
            memberships.join(wanted[pk], agent.user, by=by, as_board=True)
        else:
            memberships.remove(held[pk], by=by, as_board=True)
