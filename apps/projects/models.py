"""Projects, their members, and the log that every change is written to."""

import uuid

from django.conf import settings
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Hue, User


class ProjectQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ProjectQuerySet":
        """The projects `user` is a member of; nobody sees one by being staff."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        return self.filter(memberships__user=user)

    def with_role(self) -> "ProjectQuerySet":
        """After `visible_to`: with the person's `role` in each, by the same statement."""
        return self.annotate(role=F("memberships__role"))

    def locked(self, pk: int) -> "Project":
        """The project under its row lock: what is recorded under it is numbered in commit order.

        NO KEY UPDATE, so that inserting rows which point to the project does not wait for it.
        """
        return self.select_for_update(no_key=True).get(pk=pk)


class Project(models.Model):
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=100)
    key = models.CharField(
        _("key"),
        max_length=10,
        unique=True,
        validators=[
            RegexValidator(r"^[A-Z][A-Z0-9]{1,9}$", _("Use 2 to 10 capital letters or digits, a letter first."))
        ],
    )
    about = models.CharField(_("about"), max_length=200, blank=True)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.TEAL)
    members = models.ManyToManyField(settings.AUTH_USER_MODEL, through="Membership", related_name="projects")
    last_seq = models.BigIntegerField(default=0, editable=False)
    last_number = models.IntegerField(default=0, editable=False)
    # Changes on restore, so that a position in an old log never matches a new one.
    epoch = models.UUIDField(default=uuid.uuid4, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    objects = ProjectQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    """What somebody is in a project, from the highest down."""

    OWNER = "owner", _("owner")
    MAINTAINER = "maintainer", _("maintainer")
    MEMBER = "member", _("member")
    COMMENTER = "commenter", _("commenter")
    VIEWER = "viewer", _("viewer")


class Membership(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "user"], name="one_membership_per_person"),
            models.CheckConstraint(name="membership_role_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.role})"


class Event(models.Model):
    """One change of a project. `seq` has no gaps, and its order is commit order."""

    project = models.ForeignKey(Project, models.CASCADE, related_name="events")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=40)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # The task the change is about; `payload["tasks"]` names further ones whose faces it changes.
    task_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    at = models.DateTimeField(auto_now_add=True)
    # The open outbox mark: set only for kinds that somebody subscribed to, cleared once relayed.
    is_due = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["project", "seq"], name="event_seq_once_per_project")]
        indexes = [
            models.Index(fields=["task_id", "seq"], name="event_of_task"),
            models.Index(fields=["at"], name="event_due", condition=Q(is_due=True)),
        ]

    def __str__(self) -> str:
        return f"{self.seq} {self.kind}"
