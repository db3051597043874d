"""A project's rooms and what is said in them."""

import uuid
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Now, Upper
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.projects.models import Project
from apps.tasks.models import Task

NAME_LENGTH = 80
TEXT_LENGTH = 50_000
EMOJI_LENGTH = 16
URL_LENGTH = 1000
FILE_NAME_LENGTH = 150
MOST_DAYS = 3650  # that messages are kept, where they are not for ever
# What a message is found by: its words as they stand, for people here write in more than one language.
WORDS = SearchVector("text", config="simple")


class RoomQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "RoomQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))


class Room(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="rooms")
    # Names the room outside of us: the agents' conversation about it goes by this.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=NAME_LENGTH)
    is_default = models.BooleanField(default=False)
    archived_at = models.DateTimeField(null=True)
    # How far in the project's log the room was told what happens on the board.
    told_upto = models.BigIntegerField(default=0)
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


class MessageQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "MessageQuerySet":
        return self.standing().filter(room__in=Room.objects.visible_to(user))

    def standing(self) -> "MessageQuerySet":
        """Those that nobody has deleted."""
        return self.filter(deleted_at=None)

    def said_by_others(self, user: User) -> "MessageQuerySet":
        """What counts as unread for `user`, once it is after their mark: no own words, and none of the board's."""
        return self.standing().filter(note__isnull=True).exclude(author=user)


class Message(models.Model):
    """Messages are inserted under their project's lock, so the order of their keys is the order of commits."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Chosen by whoever sends it, so that sending again adds nothing.
    client_id = models.UUIDField()
    text = models.TextField(_("message"), max_length=TEXT_LENGTH)
    html = models.TextField()
    # What the board itself tells, in each reader's language: {"code", "facts"}, read by `telling`.
    note = models.JSONField(null=True)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")
    created_at = models.DateTimeField(db_default=Now())
    has_files = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["room", "author", "client_id"], name="message_once"),
            models.CheckConstraint(name="deleted_message_is_empty", condition=Q(deleted_at=None) | Q(text="", html="")),
        ]
        indexes = [
            models.Index(fields=["room", "id"], name="message_standing", condition=Q(deleted_at=None)),
            models.Index(fields=["client_id"], name="message_client"),
            models.Index(fields=["id"], name="message_with_files", condition=Q(has_files=True)),
            BrinIndex(fields=["created_at"], name="message_age", autosummarize=True),
            GinIndex(WORDS, name="message_words"),
            GinIndex(OpClass(Upper("text"), "gin_trgm_ops"), name="message_parts"),  # as icontains asks
        ]

    def __str__(self) -> str:
        return f"{self.pk} in {self.room_id}"

    def get_absolute_url(self) -> str:
        return f"{self.room.get_absolute_url()}?around={self.pk}"


class Mention(models.Model):
    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [models.Index(fields=["user", "message"], name="mention_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class NamedTask(models.Model):
    message = models.ForeignKey(Message, models.CASCADE, related_name="named_tasks")
    task = models.ForeignKey(Task, models.CASCADE, related_name="named_in")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "task"], name="named_task_once")]

    def __str__(self) -> str:
        return f"{self.task_id} in {self.message_id}"


class Wording(models.Model):
    """What a message said before it was edited or deleted: for those who moderate, and nobody else."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="wordings")
    text = models.TextField()
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.message_id} until {self.at}"


class ReadMark(models.Model):
    """How far somebody has read: up to the message with the key `upto`."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="marks")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    upto = models.BigIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="read_mark_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id} up to {self.upto}"


class Retention(models.Model):
    """A project that does not keep its messages for ever."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="retention")
    days = models.PositiveSmallIntegerField()

    class Meta:
        constraints = [models.CheckConstraint(name="retention_in_range", condition=Q(days__range=(1, MOST_DAYS)))]

    def __str__(self) -> str:
        return f"{self.project_id} for {self.days} days"


class Following(models.Model):
    """How much of a room somebody wants to be told; without one, what mentions them."""

    class Level(models.TextChoices):
        ALL = "all", _("Every message")
        MENTIONS = "mentions", _("When I am mentioned")
        NONE = "none", _("Nothing: do not count it either")

    room = models.ForeignKey(Room, models.CASCADE, related_name="followings")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    level = models.CharField(max_length=10, choices=Level, default=Level.MENTIONS)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "user"], name="following_once")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.room_id}: {self.level}"


class LinkPreview(models.Model):
    """What a page says about itself to which a message leads; without a title it is not shown."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="previews")
    url = models.CharField(max_length=URL_LENGTH)
    title = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=300, blank=True)
    site = models.CharField(max_length=100, blank=True)
    is_hidden = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    asked_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "url"], name="preview_once")]
        indexes = [models.Index(fields=["created_at"], name="preview_waiting", condition=Q(asked_at=None))]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def host(self) -> str:
        """Where it leads; what a page calls itself is its own word."""
        return urlsplit(self.url).hostname or ""


class Attachment(models.Model):
    """A file, of its uploader alone until a message carries it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="files")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="files")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=FILE_NAME_LENGTH)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64, blank=True)
    is_whole = models.BooleanField(default=False)
    # Of a picture that may be looked at: what it is, and a small one with its size in pixels.
    content_type = models.CharField(max_length=20, blank=True)
    small = models.BinaryField(null=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="file_unsent", condition=Q(message=None))]
        constraints = [
            models.CheckConstraint(name="carried_file_is_whole", condition=Q(message=None) | Q(is_whole=True)),
        ]

    def __str__(self) -> str:
        return self.name


class Piece(models.Model):
    """A part of a file's content, small enough to be held in memory."""

    attachment = models.ForeignKey(Attachment, models.CASCADE, related_name="pieces")
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attachment", "number"], name="piece_once")]

    def __str__(self) -> str:
        return f"{self.attachment_id} {self.number}"


class Pin(models.Model):
    """A message that stands above its room."""

    message = models.OneToOneField(Message, models.CASCADE, related_name="pin")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.message_id} in {self.message.room_id}"

    @property
    def rank(self) -> str:
        """Its place among the others, by text: the latest first."""
        return f"{10**19 - self.pk:020}"


class Reaction(models.Model):
    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=EMOJI_LENGTH)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["message", "user", "emoji"], name="reaction_once")]

    def __str__(self) -> str:
        return f"{self.emoji} on {self.message_id}"
