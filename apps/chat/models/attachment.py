"""The files that messages carry, and their content in parts."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.accounts.models import User
from apps.chat.models.message import Message
from apps.chat.models.room import Room

FILE_NAME_LENGTH = 150


class AttachmentQuerySet(models.QuerySet["Attachment"]):
    def visible_to(self, user: User) -> "AttachmentQuerySet":
        """What messages carry in rooms that are open to `user`."""
        return self.filter(message__in=Message.objects.visible_to(user))


class Attachment(models.Model):
    """A file, of its uploader alone until a message carries it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    room = models.ForeignKey(Room, models.CASCADE, related_name="files")
    message = models.ForeignKey(Message, models.CASCADE, null=True, related_name="files")
    uploader = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    name = models.CharField(max_length=FILE_NAME_LENGTH)
    size = models.PositiveBigIntegerField()  # bytes
    sha256 = models.CharField(max_length=64, blank=True)
    is_complete = models.BooleanField(default=False)
    # Of a picture that may be looked at: what it is, and a small one with its size in pixels.
    content_type = models.CharField(max_length=20, blank=True)
    thumbnail = models.BinaryField(null=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    objects = AttachmentQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="attachment_unsent", condition=Q(message=None))]
        constraints = [
            models.CheckConstraint(name="sent_attachment_is_complete", condition=Q(message=None) | Q(is_complete=True)),
        ]

    def __str__(self) -> str:
        return self.name


class FileChunk(models.Model):
    """A part of a file's content, small enough to be held in memory."""

    attachment = models.ForeignKey(Attachment, models.CASCADE, related_name="chunks", db_index=False)
    number = models.PositiveIntegerField()
    content = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attachment", "number"], name="file_chunk_once")]

    def __str__(self) -> str:
        return f"{self.attachment_id} {self.number}"
