"""What a provider's groups give people in projects: the table of grants and the setting GROUP_ROLES, merged.

Several groups may give roles in one project, and so may people by hand: the highest counts. What
was given by hand stays when a group is left; what a group gave goes. Nothing here takes a
project's last owner away.
"""

import logging
from collections.abc import Iterable
from typing import NamedTuple

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.projects import joining
from apps.projects.models import GroupGrant, Membership, Project, Role

log = logging.getLogger(__name__)
Person = tuple[User, frozenset[str]]


class Grant(NamedTuple):
    group: str
    project: int
    role: str


class Configured(NamedTuple):
    """One piece of GROUP_ROLES: `group=KEY:role`."""

    group: str
    key: str
    role: str


class Change(NamedTuple):
    """What groups would make of somebody in a project: None is no member."""

    user: User
    project: int
    before: str | None
    after: str | None
    granted: str | None


class Malformed(ValueError):
    """A piece of GROUP_ROLES that says nothing; the message is the piece and what is wrong with it."""


def sync(user: User, groups: frozenset[str], *, by: User | None = None) -> None:
    """Give `user` what `groups` give, and take what groups gave before and give no more."""
    if changes := preview(grants(), [(user, groups)]):
        apply(changes, by=by)


def preview(grants: Iterable[Grant], people: Iterable[Person]) -> list[Change]:
    """What `grants` would change for `people`, each with the groups they are in; in the order of locks."""
    grants, people = list(grants), [(user, groups) for user, groups in people if not user.is_agent and user.is_active]
    found = Membership.objects.filter(user__in=[user.pk for user, _ in people])
    memberships = {(each.project_id, each.user_id): each for each in found}
    changes = []
    for user, groups in people:
        given: dict[int, set[str]] = {project: set() for project, pk in memberships if pk == user.pk}
        for grant in grants:
            if grant.group in groups:
                given.setdefault(grant.project, set()).add(grant.role)
        for project, roles in given.items():
            changes += _change(user, project, memberships.get((project, user.pk)), Role.highest(roles))
    return sorted(changes, key=lambda change: (change.project, change.user.pk))


def _change(user: User, project: int, membership: Membership | None, granted: str | None) -> list[Change]:
    before, had, given = (membership.role, membership.by_group, membership.given) if membership else (None, None, None)
    return [Change(user, project, before, Role.highest([given, granted]), granted)] if had != granted else []


@transaction.atomic
def apply(changes: Iterable[Change], *, by: User | None = None) -> list[Change]:
    """Make them so, and say which were not made because a project would lose its last owner."""
    kept = []
    for change in changes:
        try:
            joining.grant(Project(pk=change.project), change.user, role=change.granted, by=by)
        except joining.LastOwner:
            log.warning("A last owner stays, whatever the groups say", extra={"project": change.project})
            kept.append(change)
    return kept


def grants() -> list[Grant]:
    """The table and the setting together; what the setting says of projects that don't exist is left out."""
    rows = [Grant(*row) for row in GroupGrant.objects.values_list("group", "project", "role")]
    if not (configured := of_settings()):
        return rows
    ids = dict(Project.objects.filter(key__in={each.key for each in configured}).values_list("key", "pk"))
    return rows + [Grant(each.group, ids[each.key], each.role) for each in configured if each.key in ids]


def of_settings() -> list[Configured]:
    """GROUP_ROLES as it reads. Raises Malformed."""
    return [parsed(piece) for piece in settings.GROUP_ROLES]


def parsed(piece: str) -> Configured:
    """`group=KEY:role`, where the group's name may hold "=" and ":" itself. Raises Malformed."""
    group, is_found, rest = piece.rpartition("=")
    key, _colon, role = rest.partition(":")
    if not (is_found and group.strip() and key.strip()):
        raise Malformed(f"“{piece}” is not group=KEY:role.")
    if role.strip() not in Role.values:
        raise Malformed(f"“{piece}” does not end in a role, one of {', '.join(Role.values)}.")
    return Configured(group.strip(), key.strip().upper(), role.strip())


def on_groups_known(sender: object, user: User, groups: frozenset[str], **_more) -> None:
    sync(user, groups)
