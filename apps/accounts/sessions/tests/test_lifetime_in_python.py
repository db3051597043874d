"""Whether a session lives is said by the database and by a row that has been read: always the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import LoginSession

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize("is_late", [False, True])
@pytest.mark.parametrize("which", ["whole", "idle"])
@pytest.mark.parametrize("issuer", [None, "", "https://id.example/"])
def test_both_say_the_same(ana, issuer, which, is_late):
    user = None if issuer is None else ana
    row = LoginSession(session_key="k" * 32, user=user, issuer=issuer or "", expire_date=timezone.now())
    at = timezone.now() - getattr(row.lifetime, which) + (-MINUTE if is_late else MINUTE)
    row.began_at, row.used_at = (at, timezone.now()) if which == "whole" else (timezone.now(), at)
    row.save()
    assert row.is_alive is not is_late
    assert LoginSession.objects.alive().exists() is not is_late
