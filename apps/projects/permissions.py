"""Who may do what: one table, role × action, asked by pages, API, sockets and admin."""

from typing import Any, Protocol, cast

from django.db.models import Model, QuerySet, Subquery, TextChoices
from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.errors import NotAllowed
from apps.projects.models import Membership, Project, Role
from apps.sql.compiled import compiled


class Action(TextChoices):
    VIEW = "view", _("look at the project")
    COMMENT = "comment", _("comment")
    WRITE = "write", _("create, edit and move tasks")
    RUN = "run", _("assign agents and decide on their results")
    MANAGE = "manage", _("manage members, repositories and rooms, and pause agents")
    OWN = "own", _("hand the project over and read its audit")


_VIEWER = {Action.VIEW}
_COMMENTER = _VIEWER | {Action.COMMENT}
_MEMBER = _COMMENTER | {Action.WRITE, Action.RUN}
_MAINTAINER = _MEMBER | {Action.MANAGE}
ALLOWED: dict[str, set[Action]] = {
    Role.VIEWER: _VIEWER,
    Role.COMMENTER: _COMMENTER,
    Role.MEMBER: _MEMBER,
    Role.MAINTAINER: _MAINTAINER,
    Role.OWNER: _MAINTAINER | {Action.OWN},
}


def roles_within(role: str | None) -> list[Role]:
    """The roles that somebody with `role` may give and take: none above their own, none without MANAGE."""
    roles = list(Role)
    return roles[roles.index(Role(role)) :] if role and role_may(role, Action.MANAGE) else []


def role_of(user: User, project: Project) -> str | None:
    """The role of `user` in `project`, None for an outsider or a deactivated account."""
    if not user.is_active:
        return None
    return _role.first(project=project.pk, user=user.pk)


def role_expression(project: int, user: int) -> Subquery:
    """The role of an active account, for a statement that reads something else."""
    return Subquery(Membership.objects.filter(project=project, user=user).values("role"))


@compiled
def _role(project: int, user: int) -> QuerySet[Membership, str]:
    return Membership.objects.filter(project=project, user=user).values_list("role", flat=True)


def role_may(role: str | None, action: Action) -> bool:
    return action in ALLOWED.get(role or "", ())


def may(user: User, action: Action, project: Project) -> bool:
    return role_may(role_of(user, project), action)


def require(user: User, action: Action, project: Project) -> None:
    """Raise NotAllowed unless `user` may; call it on a project fetched by `visible_to`."""
    require_reach(user, action)
    require_role(role_of(user, project), action)


def require_reach(user: User, action: Action) -> None:
    """Raise NotAllowed when it is the token of the request that does not reach as far as the person."""
    if action == Action.RUN and not user.may_direct_agents:
        raise NotAllowed(_("This token may not direct agents."))


def require_role(role: str | None, action: Action) -> None:
    """The same for somebody whose role is known already."""
    if not role_may(role, action):
        raise NotAllowed(_("Your role in this project does not let you {action}.").format(action=action.label))


class InProject(Protocol):
    """A row of a project, or a project's own part."""

    @property
    def project(self) -> Project: ...


class VisibleRows[Row: Model](Protocol):
    """A QuerySet or a manager that knows whose eyes its rows are for."""

    def visible_to(self, user: User, /) -> QuerySet[Row]: ...


def find[Row: Model](rows: VisibleRows[Row], *, by: User, needs: Action = Action.VIEW, **lookup: Any) -> Row:
    """The one of `rows` that `lookup` names, with the project it belongs to: found or 404, then allowed.

    `rows` has `visible_to`, and each row a `project`. Raises Http404 when `by` may not see it,
    NotAllowed when their role or their token may not do what it `needs`. A change asks again
    under its lock (`changes.locked_for_change`), so a door that only leads to one needs VIEW.
    """
    row = get_object_or_404(rows.visible_to(by), **lookup)
    if needs != Action.VIEW:
        require(by, needs, cast(InProject, row).project)
    return row


def project_for(user: User, key: str, action: Action = Action.VIEW) -> Project:
    """The project with the person's `role` in it.

    Raises Http404 when they may not see it, NotAllowed when their role may not do `action`.
    """
    project = Project.objects.seen_by(user, key)
    if project is None:
        raise Http404(f"No project {key} for {user.pk}.")
    require_reach(user, action)
    require_role(project.role, action)
    return project
