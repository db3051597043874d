"""Messages, and what belongs to each: mentions, references, revisions, pins, reactions."""

from collections.abc import Sequence
from typing import Any, cast

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex, GinIndex
from django.contrib.postgres.search import SearchVector
from django.core.checks import CheckMessage
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from apps import words
from apps.accounts.models import User
from apps.chat.models.room import Room
from apps.projects.models import Project
from apps.tasks.models import EmptyReason, Task

MESSAGE_LENGTH = 50_000
EMOJI_LENGTH = 16
# Its words as they stand, for people here write in more than one language; letters that know no case break them.
WORD_BEGINNINGS = SearchVector(
    Func(
        F("search_text"),
        Value(f"({words.BREAK})+"),
        Value(" "),
        Value("g"),
        function="REGEXP_REPLACE",
        output_field=models.TextField(),
    ),
    config="simple",
)


class MessageQuerySet(models.QuerySet["Message"]):
    def visible_to(self, user: User) -> "MessageQuerySet":
        return self.not_deleted().filter(room__in=Room.objects.visible_to(user))

    def for_change(self) -> "MessageQuerySet":
        """With what a change of one asks for."""
        return self.select_related("room__project", "author")

    def not_deleted(self) -> "MessageQuerySet":
        """Those that nobody has deleted."""
        return self.filter(deleted_at=None)

    def by_others(self, user: User | int) -> "MessageQuerySet":
        """What counts as unread for `user`, once it is after their mark: no own words, and none of the board's."""
        return self.not_deleted().filter(system_message__isnull=True).exclude(author=user)


class StoredText(models.GeneratedField):
    """A text that the database makes of others. What the board runs on can do that: `check` need not ask a database.

    An insert does not bring it back, for it is as long as what was written; an update of that does (Django).
    """

    db_returning = False  # type: ignore[assignment]  # the stubs know what Django itself has

    def _check_supported(self, databases: Sequence[str]) -> list[CheckMessage]:
        return []

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.GeneratedField", args, kwargs


MessageManager = models.Manager.from_queryset(MessageQuerySet)


class Messages(MessageManager["Message"]):
    def get_queryset(self) -> MessageQuerySet:
        return cast(MessageQuerySet, super().get_queryset().defer("search_text"))


class Message(models.Model):
    """Messages are inserted under their project's lock, so the order of their keys is the order of commits."""

    room = models.ForeignKey(Room, models.CASCADE, related_name="messages", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # Chosen by whoever sends it, so that sending again adds nothing.
    client_message_id = models.UUIDField()
    text = models.TextField(_("message"), max_length=MESSAGE_LENGTH)
    html = models.TextField()
    # Of an agent's answer: whether there was more than a message holds, and why there is no text.
    is_truncated = models.BooleanField(default=False)
    empty_reason = models.CharField(max_length=20, choices=EmptyReason, blank=True, default="")
    # What the board itself writes, in each reader's language: {"code", "facts"}, read by `system_messages`.
    system_message = models.JSONField(null=True)
    reply_to = models.ForeignKey("self", models.SET_NULL, null=True, related_name="replies")
    created_at = models.DateTimeField(db_default=Now())
    # What it is found by. The manager defers it; who selects messages as related to others defers it there.
    search_text = StoredText(expression=words.folded(F("text")), output_field=models.TextField(), db_persist=True)
    has_files = models.BooleanField(default=False)
    edited_at = models.DateTimeField(null=True)
    deleted_at = models.DateTimeField(null=True)

    objects = Messages()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["room", "author", "client_message_id"], name="message_once"),
            models.CheckConstraint(name="deleted_message_is_empty", condition=Q(deleted_at=None) | Q(text="", html="")),
            models.CheckConstraint(name="message_empty_or_text", condition=Q(empty_reason="") | Q(text="")),
        ]
        indexes = [
            models.Index(fields=["room", "id"], name="message_not_deleted", condition=Q(deleted_at=None)),
            models.Index(fields=["client_message_id"], name="message_client_message_id"),
            models.Index(fields=["id"], name="message_with_files", condition=Q(has_files=True)),
            BrinIndex(fields=["created_at"], name="message_created_at", autosummarize=True),
            GinIndex(WORD_BEGINNINGS, name="message_word_beginnings"),
            GinIndex(fields=["search_text"], opclasses=["gin_trgm_ops"], name="message_search_text"),
        ]

    def __str__(self) -> str:
        return f"{self.pk} in {self.room_id}"

    def get_absolute_url(self) -> str:
        return f"{self.room.get_absolute_url()}?around={self.pk}"

    @property
    def shown_text(self) -> str:
        """Its text, or why there is none, in the language that is active."""
        return self.text or self.get_empty_reason_display()

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
    message = models.ForeignKey(Message, models.CASCADE, related_name="mentions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "user"], name="mention_once")]
        indexes = [models.Index(fields=["user", "message"], name="mention_of_user")]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.message_id}"


class TaskReference(models.Model):
    """A task that a message names."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="task_references", db_index=False)
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
    message = models.ForeignKey(Message, models.CASCADE, related_name="reactions", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    emoji = models.CharField(max_length=EMOJI_LENGTH)

    class Meta:
        ordering = ["pk"]
        constraints = [models.UniqueConstraint(fields=["message", "user", "emoji"], name="reaction_once")]

    def __str__(self) -> str:
        return f"{self.emoji} on {self.message_id}"
