"""What is cleared up behind people."""

from celery import shared_task

from apps.accounts.sessions import SessionStore


@shared_task
def clear_sessions() -> None:
    """Delete the rows of sessions that are over."""
    SessionStore.clear_expired()
