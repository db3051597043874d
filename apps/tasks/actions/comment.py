"""Saying something under a task."""

from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events
from apps.projects.models import Project
from apps.tasks import markdown
from apps.tasks.models import Comment, Task


class NothingSaid(Refused):
    code = "invalid"
    api_status = 400


@transaction.atomic
def comment(task: Task, *, words: str, by: User) -> Comment:
    """Add a comment in Markdown and log `comment.created`. Raises NothingSaid when it is blank."""
    if not words.strip():
        raise NothingSaid(_("Write a few words first."))
    html = markdown.to_html(words)
    project = Project.objects.locked(task.project_id)
    said = Comment.objects.create(task=task, author=by, text=words, html=html)
    events.record(project, "comment.created", by=by, task=task.pk, comment=said.pk)
    return said
