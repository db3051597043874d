"""A project's rooms, how far somebody has read each, and how long their messages are kept."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.names import NameField
from apps.projects.models import Project

ROOM_NAME_LENGTH = 80
MAX_RETENTION_DAYS = 3650  # that messages are kept, where they are not for ever


class RoomQuerySet(models.QuerySet["Room"]):
    def visible_to(self, user: User) -> "RoomQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))


class Room(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="rooms")
    # Names the room outside of us: the agents' conversation about it goes by this.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = NameField(pgettext_lazy("of a thing", "name"), max_length=ROOM_NAME_LENGTH)
    is_default = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True)
    # Up to where the project's log stands in the room's digest of what happens on the board.
    digested_seq = models.BigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RoomQuerySet.as_manager()

    class Meta:
        ordering = ["-is_default", "name", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["project"], name="one_default_room", condition=Q(is_default=True)),
            models.UniqueConstraint(
                F("project"), Lower("name"), name="open_room_name_once", condition=Q(archived_at=None)
            ),
            models.CheckConstraint(
                name="default_room_is_open", condition=Q(is_default=False) | Q(archived_at__isnull=True)
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("chat:room", args=[self.project.key, self.pk])


class ReadMark(models.Model):
    """How far somebody has read: up to the message with the key `last_read_id`."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="read_marks", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    last_read_id = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id} up to {self.last_read_id}"


class RoomSubscription(models.Model):
    """Which messages of a room notify a member; without one, those that mention them."""

    class Level(models.TextChoices):
        ALL = "all", _("Every message")
        MENTIONS = "mentions", _("When I am mentioned")
        NONE = "none", _("Nothing: do not count it either")

    room = models.ForeignKey(Room, models.CASCADE, related_name="subscriptions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    level = models.CharField(max_length=10, choices=Level, default=Level.MENTIONS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="room_subscription_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}: {self.level}"


class RoomRetention(models.Model):
    """For how many days a project keeps its messages; without one, for ever."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="room_retention")
    days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="room_retention_in_range", condition=Q(days__range=(1, MAX_RETENTION_DAYS)))
        ]

    def __str__(self) -> str:
        return f"{self.project_id} for {self.days} days"
