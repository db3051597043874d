"""What the pages that a message links to say about themselves."""

from urllib.parse import urlsplit

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from apps.chat.models.message import Message

URL_LENGTH = 1000


class LinkPreview(models.Model):
    """The metadata of a page that a message links to; without a title it is not shown."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="previews", db_index=False)
    url = models.CharField(max_length=URL_LENGTH)
    title = models.CharField(max_length=200, blank=True)
    description = models.CharField(max_length=300, blank=True)
    site = models.CharField(max_length=100, blank=True)
    is_hidden = models.BooleanField(default=False)
    created_at = models.DateTimeField(db_default=Now())
    fetched_at = models.DateTimeField(null=True)
    # How often a worker began to fetch it, and when the next one may: what fails every time holds back no other.
    attempts = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["message", "url"], name="preview_once")]
        indexes = [models.Index(fields=["next_attempt_at"], name="preview_unfetched", condition=Q(fetched_at=None))]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def host(self) -> str:
        """The host it leads to; the name that a page gives itself can't be trusted."""
        return urlsplit(self.url).hostname or ""
