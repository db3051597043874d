"""Who is in a project, and as what. A project always keeps an owner.

Every function asks whether `by` may do it, under the project's lock; with `as_board`, or without
`by`, the board itself acts and nobody is asked. What a provider's groups give goes through `grant`,
for the board: it neither takes away what was given by hand, nor can people take away by hand what
it gives.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import NotAllowed, Refused
from apps.names import isolate
from apps.projects import events, permissions
from apps.projects.changes import RowGone, locked_for_change
from apps.projects.models import Membership, Project, Role
from apps.projects.permissions import Action


class LastOwner(Refused):
    code = "last_owner"


class UnknownPerson(Refused):
    code = "nobody_called_that"
    api_status = 400


class AlreadyAMember(Refused):
    code = "already_a_member"


class NotAMember(Refused):
    code = "not_a_member"


class NotForAgents(Refused):
    code = "not_for_agents"


class NotForServiceAccounts(Refused):
    code = "not_for_service_accounts"


class ByGroup(Refused):
    code = "by_group"


def find_person(words: str) -> User:
    """The person or service account with the username `words`, or else the only one with that name.

    Raises UnknownPerson alike for nobody, for several and for closed accounts, so that it tells
    no more than whether a name that was typed in full is somebody's.
    """
    people = User.objects.filter(is_active=True).exclude(kind=User.Kind.AGENT)
    found = people.filter(username__iexact=User.normalize_username(words))[:2] or people.filter(name__iexact=words)[:2]
    if len(found) != 1:
        raise UnknownPerson(_("No account has exactly that name, or more than one has. Try the username."))
    return found[0]


def invite(project: Project, person: User, *, role: str, by: User) -> Membership:
    """Bring `person` in as `role`. Raises AlreadyAMember, and NotAllowed for a role above one's own."""
    with locked_for_change(project) as project:
        require_manager_of(project, by, role)
        if project.memberships.filter(user=person).exists():
            raise AlreadyAMember(_("{name} is in this project already.").format(name=isolate(person)))
        return _join(project, person, role=role, by=by)


def join(
    project: Project, user: User, *, role: str = Role.MEMBER, by: User | None, as_board: bool = False
) -> Membership:
    """Make `user` a member and log `member.joined`; somebody who is one already stays as they are.

    Raises NotAllowed, NotForAgents and NotForServiceAccounts.
    """
    with locked_for_change(project) as project:
        if by is not None and not as_board:
            require_manager_of(project, by, role)
        return _join(project, user, role=role, by=by)


def _join(project: Project, user: User, *, role: str, by: User | None, group_role: str | None = None) -> Membership:
    _require_role_for_kind(user, role)
    roles = {"role": role, "group_role": group_role}
    membership, is_new = Membership.objects.get_or_create(project=project, user=user, defaults=roles)
    if is_new:
        events.record(project, "member.joined", by=by, user=user.pk, name=str(user), role=role)
    return membership


def set_role(membership: Membership, *, role: str, by: User) -> Membership:
    """Give a member another role and log `member.role_changed`, with the one `before`.

    Raises NotAllowed when either is above one's own, ByGroup, LastOwner, NotAMember when they have left,
    and NotForAgents or NotForServiceAccounts.
    """
    with _locked(membership) as project:
        require_manager_of(project, by, membership.role, role)
        if role != membership.role:
            _require_groups_allow(membership, role)
            _change(project, membership, by_hand=role, by_groups=membership.group_role, by=by)
    return membership


def grant(project: Project, user: User, *, role: str | None, by: User | None = None) -> None:
    """Let `user` have `role` by their groups, and whatever is higher by hand; None: the groups give nothing now.

    The board does it, for what the provider says; `by` is who changed what a group gives.
    Raises LastOwner and NotForAgents.
    """
    with locked_for_change(project) as project:
        membership = project.memberships.select_related("user").filter(user=user).first()
        if membership is None and role:
            _join(project, user, role=role, by=by, group_role=role)
        elif membership and (role or membership.role_without_groups):
            _change(project, membership, by_hand=membership.role_without_groups, by_groups=role, by=by)
        elif membership:
            _end(project, membership, by=by)


def hand_over(membership: Membership, *, by: User) -> None:
    """Make the member an owner in place of `by`, who stays as a maintainer. For owners, else NotAllowed."""
    with _locked(membership) as project:
        permissions.require(by, Action.OWN, project)
        if membership.user_id == by.pk:
            raise AlreadyAMember(_("You own this project already."))
        set_role(membership, role=Role.OWNER, by=by)
        set_role(project.memberships.get(user=by), role=Role.MAINTAINER, by=by)


def possible_owners(project: Project) -> QuerySet[User]:
    """Whom an administrator may make an owner: people of the project, or anybody when it has no others."""
    people = User.objects.filter(kind=User.Kind.PERSON, is_active=True)
    others = people.filter(memberships__project=project).exclude(memberships__in=_owners(project))
    return others if others.exists() else people.exclude(memberships__in=_owners(project))


def appoint(project: Project, person: User, *, by: User) -> None:
    """Make `person` an owner as an administrator who need not be in the project: the owner may be gone.

    Raises NotAllowed unless `by` is an administrator and `person` one of the `possible_owners`.
    """
    with locked_for_change(project) as project:
        if not (by.is_active and by.is_superuser and possible_owners(project).filter(pk=person.pk).exists()):
            raise NotAllowed(_("{name} can't become an owner here.").format(name=isolate(person)))
        if membership := project.memberships.select_related("user").filter(user=person).first():
            _change(project, membership, by_hand=Role.OWNER, by_groups=membership.group_role, by=by)
        else:
            _join(project, person, role=Role.OWNER, by=by)


def remove(membership: Membership, *, by: User | None, as_board: bool = False) -> None:
    """End a membership and log `member.left`; their sockets close within seconds. One's own anybody may end.

    Raises NotAllowed for a role above one's own, LastOwner, ByGroup and NotAMember.
    """
    with _locked(membership) as project:
        if by is not None and not as_board and membership.user_id != by.pk:
            require_manager_of(project, by, membership.role)
        _require_groups_allow(membership)
        _end(project, membership, by=by)


def on_account_closing(sender: object, user: User, **_more: Any) -> None:
    """Raise LastOwner, naming the projects, when nobody would be left to own them."""
    alone = []
    for membership in user.memberships.filter(role=Role.OWNER).order_by("project"):
        project = Project.objects.locked(membership.project_id)  # until the account is closed, by its transaction
        if not _other_owners(membership).exists():
            alone.append(isolate(project))
    if alone:
        sentence = _("There is no other owner of {projects}. An administrator can make another member an owner first.")
        raise LastOwner(sentence.format(projects=", ".join(alone)))


def _change(
    project: Project, membership: Membership, *, by_hand: str | None, by_groups: str | None, by: User | None
) -> None:
    """Have the role that was given `by_hand` and the one `by_groups` counted as one: the higher. One is given."""
    before, role = membership.role, cast(Role, Role.highest([by_hand, by_groups]))
    if role != before:
        _require_role_for_kind(membership.user, role)
        _require_another_owner(membership)
    membership.role, membership.group_role = role, by_groups
    membership.manual_role = by_hand if by_groups else None
    membership.save(update_fields=["role", "group_role", "manual_role"])
    if role != before:
        about: dict[str, Any] = {"user": membership.user_id, "name": str(membership.user)}
        events.record(project, "member.role_changed", by=by, **about, before=before, role=role)


def _end(project: Project, membership: Membership, *, by: User | None) -> None:
    _require_another_owner(membership)
    membership.delete()
    about: dict[str, Any] = {"user": membership.user_id, "name": str(membership.user)}
    events.record(project, "member.left", by=by, **about, before=membership.role)


@contextmanager
def _locked(membership: Membership) -> Iterator[Project]:
    """As `locked_for_change`, with `membership` as it is now. Raises NotAMember when it has ended meanwhile."""
    try:
        with locked_for_change(membership.project_id, membership) as project:
            yield project
    except RowGone as error:
        raise NotAMember(_("They are not in this project any more.")) from error


def require_manager_of(project: Project, by: User, *roles: str) -> None:
    """Raise NotAllowed unless `by` may manage members, and none of `roles` is above their own.

    Ask under the project's lock: their own role may have been taken a moment ago.
    """
    own = permissions.role_of(by, project)
    permissions.require_role(own, Action.MANAGE)
    if not set(roles) <= set(permissions.roles_within(own)):
        raise NotAllowed(_("That role is above your own."))


def may_be(user: User, role: str) -> bool:
    """Agents manage nobody. A service account may manage, but it is people who answer for a project."""
    bars: dict[str, Action] = {User.Kind.AGENT: Action.MANAGE, User.Kind.SERVICE: Action.OWN}
    barred = bars.get(user.kind)
    return barred is None or not permissions.role_may(role, barred)


def _require_role_for_kind(user: User, role: str) -> None:
    if may_be(user, role):
        return
    if user.is_agent:
        raise NotForAgents(_("An agent can't be {role}: people decide about people.").format(role=Role(role).label))
    raise NotForServiceAccounts(_("A service account can't own a project: people answer for it."))


def groups_allow(membership: Membership, role: str | None) -> bool:
    """Whether `role` (None: no membership at all) is not below what groups give, who would bring it back.

    A closed account signs in no more, so it may be taken out.
    """
    granted = membership.group_role
    return not granted or Role.highest([granted, role]) == role or not membership.user.is_active


def _require_groups_allow(membership: Membership, role: str | None = None) -> None:
    if not groups_allow(membership, role):
        sentence = _("A group gives {name} the role {role} here, so only an administrator can change that.")
        raise ByGroup(sentence.format(name=isolate(membership.user), role=membership.get_group_role_display()))


def _require_another_owner(membership: Membership) -> None:
    if membership.role == Role.OWNER and not _other_owners(membership).exists():
        raise LastOwner(_("A project needs an owner. Make another member an owner first."))


def _other_owners(membership: Membership) -> QuerySet[Membership]:
    """Owners whose account is closed don't count: nobody could act as them."""
    return _owners(membership.project_id).filter(user__is_active=True).exclude(pk=membership.pk)


def _owners(project: Project | int) -> QuerySet[Membership]:
    return Membership.objects.filter(project=project, role=Role.OWNER)
