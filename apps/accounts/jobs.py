"""What is cleared up behind people."""

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from apps.accounts.models import SignInAttempt, UsedLogoutToken
from apps.accounts.sessions.engine import SessionStore

KEPT_ATTEMPTS = timedelta(days=30)
KEPT_LOGOUT_TOKENS = timedelta(days=1)


@shared_task
def clear_sessions() -> None:
    """Delete the rows of sessions that are over, and what was kept of how they began and ended."""
    SessionStore.clear_expired()
    now = timezone.now()
    SignInAttempt.objects.filter(attempted_at__lt=now - KEPT_ATTEMPTS).delete()
    UsedLogoutToken.objects.filter(used_at__lt=now - KEPT_LOGOUT_TOKENS).delete()
