"""What is cleared up behind people."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import SignInAttempt, UsedLogoutToken
from apps.accounts.sessions.engine import SessionStore

KEPT = {SignInAttempt: timedelta(days=30), UsedLogoutToken: timedelta(days=1)}


@shared_task
def clear_sessions() -> None:
    """Delete the rows of sessions that are over, and what was kept of how they began and ended."""
    SessionStore.clear_expired()
    for model, kept in KEPT.items():
        model.objects.filter(at__lt=timezone.now() - kept).delete()
