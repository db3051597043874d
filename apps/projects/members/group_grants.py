"""What a provider's groups give people in projects: the table of grants and the setting GROUP_ROLES, merged.

Several groups may give roles in one project, and so may people by hand: the highest counts. What
was given by hand stays when a group is left; what a group gave goes. Nothing here takes a
project's last owner away.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from django.conf import settings
from django.db import transaction

from apps.accounts.models import User
from apps.projects.members import memberships as project_memberships
from apps.projects.models import GroupGrant, KnownGroups, Membership, Project, Role

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
    role: Role


class Change(NamedTuple):
    """What groups would make of somebody in a project: None is no member, `granted` what groups alone give."""

    user: User
    project: Project
    before: Role | None
    after: Role | None
    granted: Role | None


class Malformed(ValueError):
    """A piece of GROUP_ROLES that says nothing; the message is the piece and what is wrong with it."""


def sync(user: User, groups: frozenset[str], *, by: User | None = None) -> None:
    """Give `user` what `groups` give, and take what groups gave before and give no more."""
    if changes := preview(grants(), [(user, groups)]):
        apply(changes, by=by)


def sync_everybody(*, by: User | None) -> list[Change]:
    """The same for all whose groups are known, after the grants have changed; returns what `apply` does."""
    return apply(preview(grants(), everybody()), by=by)


def everybody() -> list[Person]:
    """All whose groups are known, each with those of their last sign-in."""
    known = KnownGroups.objects.select_related("user")
    return [(each.user, frozenset(each.names)) for each in known]


def preview(grants: Iterable[Grant], people: Iterable[Person]) -> list[Change]:
    """What `grants` would change for `people`, each with the groups they are in; projects in the order of locks."""
    known = {user.pk: (user, groups) for user, groups in people if user.is_active and user.is_person}
    granted: dict[tuple[int, int], set[str]] = defaultdict(set)
    for project, pk, role in _held_by_groups(list(grants), known.values()):
        granted[project, pk].add(role)
    memberships = Membership.objects.filter(user__in=known)
    held = {(membership.project_id, membership.user_id): membership for membership in memberships}
    differing = {
        key: given
        for key in sorted(held.keys() | granted.keys())
        if (given := Role.highest(granted[key])) != (held[key].group_role if key in held else None)
    }
    projects = Project.objects.in_bulk({project for project, _ in differing}) if differing else {}
    return [
        _change(known[pk][0], projects[project], held.get((project, pk)), given)
        for (project, pk), given in differing.items()
    ]


def _held_by_groups(grants: list[Grant], people: Iterable[Person]) -> Iterator[tuple[int, int, str]]:
    """Each project, person and role that a grant brings together."""
    for user, groups in people:
        for grant in grants:
            if grant.group in groups:
                yield grant.project, user.pk, grant.role


def _change(user: User, project: Project, membership: Membership | None, granted: Role | None) -> Change:
    before = Role(membership.role) if membership else None
    return Change(
        user, project, before, Role.highest([membership.role_without_groups if membership else None, granted]), granted
    )


@transaction.atomic
def apply(changes: Iterable[Change], *, by: User | None = None) -> list[Change]:
    """Make them so, and say which were not made because a project would lose its last owner."""
    kept = []
    for change in changes:
        try:
            project_memberships.grant(change.project, change.user, role=change.granted, by=by)
        except project_memberships.LastOwner:
            log.warning("A last owner stays, whatever the groups say", extra={"project": change.project.pk})
            kept.append(change)
    return kept


def grants(*, without: GroupGrant | None = None) -> list[Grant]:
    """The table and the setting together; what the setting says of projects that don't exist is left out."""
    table = GroupGrant.objects.exclude(pk=without.pk) if without else GroupGrant.objects.all()
    rows = [Grant(*row) for row in table.values_list("group", "project", "role")]
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
    return Configured(group.strip(), key.strip().upper(), Role(role.strip()))


def on_groups_known(sender: object, user: User, groups: frozenset[str], **_more: Any) -> None:
    names = sorted(groups)
    known = KnownGroups.objects.filter(user=user).values_list("names", flat=True).first()
    if names != known:
        KnownGroups.objects.update_or_create(user=user, defaults={"names": names})
    sync(user, groups)
