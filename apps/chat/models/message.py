"""Messages, and what belongs to each: mentions, references, revisions, pins, reactions."""

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex, OpClass
from django.contrib.postgres.search import SearchVector
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now, Upper
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.chat.models.room import Room
from apps.projects.models import Project
from apps.tasks.models import Task

MESSAGE_LENGTH = 50_000
EMOJI_LENGTH = 16
# What a message is found by: its words as they stand, for people here write in more than one language.
WORDS = SearchVector("text", config="simple")


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> "MessageQuerySet":
        return self.not_deleted().filter(room__in=Room.objects.visible_to(user))

    def for_change(self) -> "MessageQuerySet":
        """With what a change of one asks for."""
        return self.select_related("room__project", "author")

    def not_deleted(self) -> "MessageQuerySet":
        """Those that nobody has deleted."""
        return self.filter(deleted_at=None)

    def by_others(self, user: User) -> "MessageQuerySet":
        """What counts as unread for `user`, once it is after their mark: no own words, and none of the board's."""
        return self.not_deleted().filter(system_message__isnull=True).exclude(author=user)


class Message(models.Model):
    """Messages are inserted under their project's lock, so the order of their keys is the order of commits."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Chosen by whoever sends it, so that sending again adds nothing.
    client_message_id = models.UUIDField()
    text = models.TextField(_("message"), max_length=MESSAGE_LENGTH)
    html = models.TextField()
    # What the board itself writes, in each reader's language: {"code", "facts"}, read by `system_messages`.
    system_message = models.JSONField(null=True)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")
    created_at = models.DateTimeField(db_default=Now())
    has_files = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = MessageQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["room", "author", "client_message_id"], name="message_once"),
            models.CheckConstraint(name="deleted_message_is_empty", condition=Q(deleted_at=None) | Q(text="", html="")),
        ]
        indexes = [
            models.Index(fields=["room", "id"], name="message_not_deleted", condition=Q(deleted_at=None)),
            models.Index(fields=["client_message_id"], name="message_client_message_id"),
            models.Index(fields=["id"], name="message_with_files", condition=Q(has_files=True)),
            BrinIndex(fields=["created_at"], name="message_created_at", autosummarize=True),
            GinIndex(WORDS, name="message_text_search"),
            GinIndex(OpClass(Upper("text"), "gin_trgm_ops"), name="message_text_trigram"),  # as icontains asks
        ]

    def __str__(self) -> str:
        return f"{self.pk} in {self.room_id}"

    def get_absolute_url(self) -> str:
        return f"{self.room.get_absolute_url()}?around={self.pk}"

    @property
    def project_id(self) -> int:
        return self.room.project_id

    @property
    def project(self) -> Project:
        return self.room.project

    @project.setter
    def project(self, project: Project) -> None:
        self.room.project = project


class Mention(models.Model):
    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [models.Index(fields=["user", "message"], name="mention_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class TaskReference(models.Model):
    """A task that a message names."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="task_references")
    task = models.ForeignKey(Task, models.CASCADE, related_name="message_references")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "task"], name="task_reference_once")]

    def __str__(self) -> str:
        return f"{self.task_id} in {self.message_id}"


class MessageRevision(models.Model):
    """The text of a message before it was edited or deleted: for those who moderate, and nobody else."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="revisions")
    text = models.TextField()
    replaced_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.message_id} until {self.replaced_at}"


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
