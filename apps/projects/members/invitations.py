"""Invitation links: whoever has one comes into the project, once, within LIFE, while who made it may still invite.

With Authentik they sign in there; else they have an account here or make one.
"""

import hashlib
import secrets
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import audit
from apps.accounts.models import User
from apps.accounts.users import people
from apps.errors import NotAllowed, Refused
from apps.projects.changes import locked_for_change
from apps.projects.members import memberships
from apps.projects.models import Invitation, Membership, Project
from apps.projects.permissions import Action

LIFE = timedelta(hours=72)
MOST_OPEN = 50  # in a project


class InvitationClosed(Refused):
    code = "invitation_closed"
    page_status = 410


class TooManyInvitations(Refused):
    code = "too_many_invitations"


def create(project: Project, *, role: str, by: User) -> tuple[Invitation, str]:
    """A new invitation and its link, which nobody can read again later.

    Raises NotAllowed for a role above one's own, and TooManyInvitations.
    """
    token = secrets.token_urlsafe(32)
    with locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        memberships.require_manager_of(project, by, role)
        if project.invitations.open().count() >= MOST_OPEN:
            raise TooManyInvitations(_("There are very many open invitations. Revoke some first."))
        invitation = Invitation.objects.create(
            project=project, role=role, digest=_digest(token), invited_by=by, expires_at=timezone.now() + LIFE
        )
        audit.record("invitation.created", by=by, project_id=project.pk, invitation=invitation.pk, role=role)
    return invitation, f"{settings.PUBLIC_URL}{reverse('join', args=[token])}"


def revoke(invitation: Invitation, *, by: User) -> None:
    """Close an open invitation; one that is closed stays as it is. Raises NotAllowed for a role above one's own."""
    with locked_for_change(invitation.project_id, invitation, by=by, needs=Action.MANAGE) as project:
        memberships.require_manager_of(project, by, invitation.role)
        if invitation.used_at or invitation.revoked_at:
            return
        invitation.revoked_at = timezone.now()
        invitation.save(update_fields=["revoked_at"])
        facts: dict[str, Any] = {"invitation": invitation.pk, "role": invitation.role}
        audit.record("invitation.revoked", by=by, project_id=project.pk, **facts)


def find(token: str) -> Invitation | None:
    """The invitation with this token, open or not."""
    found = Invitation.objects.select_related("project", "invited_by")
    return found.filter(digest=_digest(token)).first()


def accept(invitation: Invitation, *, by: User) -> Membership:
    """Make `by` a member. Raises InvitationClosed, and AlreadyAMember, which leaves the invitation open."""
    with locked_for_change(invitation.project_id, invitation) as project:
        require_open(invitation)
        if project.memberships.filter(user=by).exists():
            raise memberships.AlreadyAMember(_("You are in this project already."))
        invitation.used_at, invitation.used_by = timezone.now(), by
        invitation.save(update_fields=["used_at", "used_by"])
        facts: dict[str, Any] = {"invitation": invitation.pk, "role": invitation.role}
        audit.record(
            "invitation.accepted", by=by, project_id=project.pk, **facts, invited_by=str(invitation.invited_by)
        )
        return memberships.join(project, by, role=invitation.role, by=by, as_board=True)


@transaction.atomic
def register(invitation: Invitation, *, username: str, name: str, password: str) -> User:
    """Make an account for who has the link, and a member of them. Raises UsernameTaken and InvitationClosed."""
    person = people.register(username=username, name=name, password=password)
    accept(invitation, by=person)
    return person


def require_open(invitation: Invitation) -> None:
    """Raise InvitationClosed with the reason; that who made it may invite no longer closes it too."""
    if invitation.used_at:
        raise InvitationClosed(_("This invitation has been used."))
    if invitation.revoked_at:
        raise InvitationClosed(_("This invitation has been revoked."))
    if invitation.expires_at <= timezone.now():
        raise InvitationClosed(_("This invitation has expired."))
    try:
        memberships.require_manager_of(invitation.project, invitation.invited_by, invitation.role)
    except NotAllowed as refusal:
        raise InvitationClosed(_("This invitation is not valid any more.")) from refusal


def _digest(token: str) -> str:
    """Plain SHA-256: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
