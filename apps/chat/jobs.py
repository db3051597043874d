"""Background jobs of the chat."""

import logging

from celery import shared_task

from apps.chat.attachments import attachments
from apps.chat.link_previews import previews
from apps.chat.models import Message
from apps.chat.rooms import activity_digest, retention
from apps.projects.models import Project

log = logging.getLogger(__name__)
MOST_BATCHES = 20  # of one project at one time, so that none waits for another's years


@shared_task
def fetch_previews(message_id: int) -> None:
    """Fetch the pages that a message links to; run again, it finds nothing to do."""
    if message := Message.objects.not_deleted().select_related("room").filter(pk=message_id).first():
        previews.fetch(message)


@shared_task
def fetch_remaining_previews() -> None:
    """Of messages whose worker died, or whose job the broker forgot; one that fails does not stop the others."""
    for message_id in dict.fromkeys(previews.unfetched().values_list("message", flat=True)[:20]):
        try:
            fetch_previews(message_id)
        except Exception:
            log.exception("A message's links could not be fetched", extra={"chat_message": message_id})


@shared_task
def delete_unsent_files() -> None:
    """Delete files whose message was never sent, or whose upload broke off."""
    attachments.delete_unsent()


@shared_task
def post_activity_digests() -> None:
    """Post in each project's own room what has happened on its board; one that fails does not stop the others."""
    for room in activity_digest.due_rooms():
        try:
            activity_digest.update(room)
        except Exception:
            log.exception("A room's digest could not be posted", extra={"room": room.pk})


@shared_task
def delete_old_messages() -> None:
    """In each project that does not keep its messages for ever; one that fails does not stop the others."""
    for project in Project.objects.filter(room_retention__isnull=False):
        try:
            _delete_old(project)
        except Exception:
            log.exception("Old messages could not be deleted", extra={"project": project.pk})


def _delete_old(project: Project) -> None:
    for _ in range(MOST_BATCHES):
        if not retention.delete_expired(project):
            return
