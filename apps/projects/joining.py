"""Who is in a project, and as what. A project always keeps an owner."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Membership, Project, Role


class LastOwner(Refused):
    code = "last_owner"


@transaction.atomic
def join(project: Project, user: User, *, role: str = Role.MEMBER, by: User | None) -> Membership:
    """Make `user` a member and log `member.joined`; somebody who is one already stays as they are."""
    project = Project.objects.locked(project.pk)
    membership, is_new = Membership.objects.get_or_create(project=project, user=user, defaults={"role": role})
    if is_new:
        events.record(project, "member.joined", by=by, user=user.pk, name=str(user), role=role)
    return membership


@transaction.atomic
def set_role(membership: Membership, *, role: str, by: User) -> Membership:
    """Give a member another role and log `member.changed`. Raises LastOwner."""
    project = Project.objects.locked(membership.project_id)
    membership.refresh_from_db()
    if membership.role == role:
        return membership
    _keep_an_owner(membership)
    membership.role = role
    membership.save(update_fields=["role"])
    events.record(project, "member.changed", by=by, user=membership.user_id, name=str(membership.user), role=role)
    return membership


@transaction.atomic
def leave(membership: Membership, *, by: User | None) -> None:
    """End a membership and log `member.left`; their sockets close within seconds. Raises LastOwner."""
    project = Project.objects.locked(membership.project_id)
    membership.refresh_from_db()
    _keep_an_owner(membership)
    membership.delete()
    events.record(project, "member.left", by=by, user=membership.user_id, name=str(membership.user))


def _keep_an_owner(membership: Membership) -> None:
    others = Membership.objects.filter(project=membership.project_id, role=Role.OWNER).exclude(pk=membership.pk)
    if membership.role == Role.OWNER and not others.exists():
        raise LastOwner(_("A project needs an owner. Make somebody else one first."))
