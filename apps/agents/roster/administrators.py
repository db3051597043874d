"""Who may change agents: they belong to the installation, not to a project."""

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.agents.models import Agent, AgentQuerySet
from apps.errors import NotAllowed
from apps.projects import permissions
from apps.projects.permissions import Action


def require_administrator(user: User | None) -> None:
    """Raise NotAllowed unless `user` administers the installation, by a credential that reaches all of it.

    None is the board itself, which may.
    """
    if user is None:
        return
    permissions.require_reach(user, Action.RUN)
    if not administers(user):
        raise NotAllowed(_("Only an administrator changes agents."))


def administers(user: User) -> bool:
    return user.is_staff and user.only_projects is None


def agents_for(user: User) -> AgentQuerySet:
    """Who administers the installation sees every agent, others those in their projects."""
    found = Agent.objects.all() if administers(user) else Agent.objects.visible_to(user)
    return found.select_related("gateway")
