"""Whether a session lives is said by the database and by a row that has been read: always the same."""

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.accounts.models import LoginSession
from apps.accounts.sessions.alive import alive_among

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
    assert alive_among([row.public_id]) == (set() if is_late or user is None else {row.public_id})


def test_session_of_a_closed_account_is_not_among_the_living(ana, ben):
    one, other = [
        LoginSession.objects.create(session_key=user.username, user=user, expire_date=timezone.now())
        for user in (ana, ben)
    ]
    type(ana).objects.filter(pk=ben.pk).update(is_active=False)
    assert alive_among([one.public_id, other.public_id]) == {one.public_id}
