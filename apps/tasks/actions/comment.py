"""Commenting on a task."""

from uuid import UUID

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.errors import Refused
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.git.repositories.file_pages import file_page_in
from apps.projects.permissions import Action
from apps.tasks import markdown
from apps.tasks.models import Comment, Task


class CommentEmpty(Refused):
    code = "invalid"
    api_status = 400


class AlreadyPosted(Refused):
    code = "already_posted"
    page_status = api_status = 409


def comment(
    task: Task,
    *,
    text: str,
    by: User,
    client_comment_id: UUID | None = None,
    as_board: bool = False,
    is_truncated: bool = False,
    empty_reason: str = "",
) -> Comment:
    """Add a comment in Markdown and log `comment.created`; a `client_comment_id` that came before returns that comment.

    Raises CommentEmpty when it is blank, AlreadyPosted when other words came with that id.
    `as_board`: the board itself writes in the name of `by`, who is not asked for the right. `is_truncated`: the text
    is only the beginning of what `by` said. `empty_reason`: why there is none.
    """
    if not text.strip() and not empty_reason:
        raise CommentEmpty(_("Write a few words first."))
    html = markdown.to_html(text, file_page=file_page_in(task.project))
    needs = None if as_board else Action.COMMENT
    with locked_for_change(task.project_id, by=by, needs=needs) as project:
        if posted := _before(task, by, client_comment_id):
            if posted.text != text:
                sentence = _("Your comment was posted, with other words than these. Send these again to add them.")
                raise AlreadyPosted(sentence)
            return posted
        created = Comment.objects.create(
            task=task,
            author=by,
            text=text,
            html=html,
            client_comment_id=client_comment_id,
            is_truncated=is_truncated,
            empty_reason=empty_reason,
        )
        events.record(project, "comment.created", by=by, task=task.pk, comment=created.pk)
        return created


def _before(task: Task, by: User, client_comment_id: UUID | None) -> Comment | None:
    """What was posted with the `client_comment_id`."""
    if client_comment_id is None:
        return None
    return task.comments.filter(author=by, client_comment_id=client_comment_id).first()
