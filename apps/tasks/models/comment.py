"""Comments on tasks."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.tasks.models.task import Task


class EmptyReason(models.TextChoices):
    """Why an agent's answer has no text; the label is said in its place."""

    NO_ANSWER = "no_answer", _("The agent finished without a word.")
    ENDED_BY_TOOL = "ended_by_tool", _("A tool ended the agent's turn: there is no answer.")


class Comment(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="comments", db_index=False)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(_("comment"), max_length=262_144)
    # Markdown through the allow-list, made once when the comment is written.
    html = models.TextField(editable=False)
    # Whoever wrote it had more to say than came here, or than there is room for: the page says so below.
    is_truncated = models.BooleanField(default=False)
    empty_reason = models.CharField(max_length=20, choices=EmptyReason, blank=True, default="")
    # Its author's own: sent again with it, nothing is posted twice.
    client_comment_id = models.UUIDField(null=True, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                name="comment_empty_or_text", condition=models.Q(empty_reason="") | models.Q(text="")
            ),
            models.UniqueConstraint(fields=["task", "author", "client_comment_id"], name="comment_once"),
        ]

    def __str__(self) -> str:
        return self.text[:60]
