"""Projects and their members."""

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Hue, User
from apps.names import NameField
from apps.sql.compiled import compiled


class ProjectQuerySet(models.QuerySet["Project"]):
    def visible_to(self, user: User) -> "ProjectQuerySet":
        """The projects `user` is a member of, as far as their token reaches; nobody sees one by being staff."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        mine = self.of_member(user.pk)
        return mine if user.only_projects is None else mine.filter(pk__in=user.only_projects)

    def of_member(self, user: int) -> "ProjectQuerySet":
        """Those that this person is a member of; `visible_to` asks about their account and token, too."""
        return self.filter(memberships__user=user)

    def seen_by(self, user: User, key: str) -> "Project | None":
        """The one of `visible_to` with `key`, with the person's `role`: by a statement that is compiled once."""
        project = _of_member_by_key.first(user=user.pk or 0, key=key)
        return project if project and project.is_within_reach_of(user) else None

    def rail_of(self, user: User) -> "list[Project]":
        """The first of `visible_to` by name, as many as stand beside each page."""
        return [project for project in _first_of_member.all(user=user.pk or 0) if project.is_within_reach_of(user)]

    def with_role(self) -> "ProjectQuerySet":
        """After `visible_to`: with the person's `role` in each, by the same statement."""
        return self.annotate(role=F("memberships__role"))  # type: ignore[no-redef]  # declared on the model, for who reads it

    def locked(self, pk: int) -> "Project":
        """The project under its row lock: what is recorded under it is numbered in commit order.

        NO KEY UPDATE, so that inserting rows which point to the project does not wait for it.
        """
        if project := _locked.first(pk=pk):
            return project
        raise Project.DoesNotExist(f"There is no project {pk}.")


class Project(models.Model):
    name = NameField(pgettext_lazy("of a thing", "name"), max_length=100)
    key = models.CharField(
        _("key"),
        max_length=10,
        unique=True,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9]{1,9}$", _("Use 2 to 10 capital letters or digits, a letter first."))
        ],
    )
    description = NameField(_("about"), max_length=200, blank=True)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.TEAL)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="projects")
    last_seq = models.BigIntegerField(default=0, editable=False)
    last_number = models.IntegerField(default=0, editable=False)
    # Changes on restore, so that a position in an old log never matches a new one.
    epoch = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    role: str  # of whoever it was read for: by `with_role()`
    recorded: Sequence[Any] = ()  # the events of the change that it was locked for, once that has ended

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("project")
        verbose_name_plural = _("projects")

    def __str__(self) -> str:
        return self.name

    def is_within_reach_of(self, user: User) -> bool:
        """Whether account and token let a member see it: with `of_member` what `visible_to` asks."""
        is_signed_in = user.is_authenticated and user.is_active
        return is_signed_in and (user.only_projects is None or self.pk in user.only_projects)


class Role(models.TextChoices):
    """What somebody is in a project, from the highest down."""

    OWNER = "owner", _("owner")
    MAINTAINER = "maintainer", _("maintainer")
    MEMBER = "member", _("member")
    COMMENTER = "commenter", _("commenter")
    VIEWER = "viewer", _("viewer")

    @classmethod
    def highest(cls, roles: Iterable[str | None]) -> "Role | None":
        """The highest of `roles`, where None is none."""
        held = set(roles)
        return next((role for role in cls if role in held), None)


class Membership(models.Model):
    """Somebody in a project. `role` is what counts: the higher of what people and what groups gave.

    Without `group_role` it was given by hand. With it, `manual_role` is what was given by hand besides,
    and None when the groups alone brought them.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)
    group_role = models.CharField(max_length=10, choices=Role, null=True, editable=False)
    manual_role = models.CharField(max_length=10, choices=Role, null=True, editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_person"),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
            models.CheckConstraint(
                name="membership_role_was_given",
                condition=Q(group_role__isnull=True, manual_role__isnull=True)
                | Q(group_role__isnull=False, role=F("group_role"))
                | Q(group_role__isnull=False, manual_role__isnull=False, role=F("manual_role")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"

    @property
    def role_without_groups(self) -> str | None:
        """The role given by hand, None when groups alone brought them."""
        return self.manual_role if self.group_role else self.role


# Asked by nearly every request.


@compiled
def _of_member_by_key(user: int, key: str) -> models.QuerySet[Project]:
    return Project.objects.of_member(user).filter(key=key).with_role()


@compiled
def _first_of_member(user: int) -> models.QuerySet[Project]:
    return Project.objects.of_member(user)[:30]


@compiled
def _locked(pk: int) -> models.QuerySet[Project]:
    return Project.objects.select_for_update(no_key=True).filter(pk=pk)
