"""“Where you are signed in” on one's own page."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import LoginSession, User
from apps.accounts.sessions.tests.test_sessions import (
    is_in,
    row_of,
    signed_in,
)
from apps.projects.tests.factories import UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("A2")]
PROFILE = reverse("accounts:profile")


def end(client: Client, session: LoginSession):
    return client.post(reverse("accounts:end-session", args=[session.public_id]))


def test_the_page_lists_what_is_alive_and_says_which_one_this_is(ana):
    here, there, over = signed_in(ana), signed_in(ana, sub="a", sid="1"), signed_in(ana)
    LoginSession.objects.filter(pk=row_of(over).pk).update(used_at="2020-01-01T00:00Z")
    LoginSession.objects.filter(pk=row_of(there).pk).update(device="Firefox/150 Linux", address="192.0.2.7")
    signed_in(UserFactory(name="Ben"))
    page = here.get(PROFILE)
    listed = list(page.context["sessions"])
    assert [session.public_id for session in listed] == [row_of(here).public_id, row_of(there).public_id]
    assert [session.is_here for session in listed] == [True, False]
    html = page.content.decode()
    for said in ("Firefox on Linux", "192.0.2.7", "Signed in with Authentik", "Signed in with a password", "this one"):
        assert said in html


def test_the_page_names_no_key(ana):
    here, there = signed_in(ana), signed_in(ana)
    html = here.get(PROFILE).content.decode()
    assert not [row.session_key for row in (row_of(here), row_of(there)) if row.session_key in html]


def test_a_name_that_a_browser_gives_itself_is_text(ana):
    here = signed_in(ana)
    LoginSession.objects.update(device="<script>Firefox/1 Linux", address="<b>1</b>")
    html = here.get(PROFILE).content.decode()
    assert "<b>1</b>" not in html
    assert "&lt;b&gt;1&lt;/b&gt;" in html


def test_one_is_signed_out_from_another(ana):
    here, there, third = signed_in(ana), signed_in(ana), signed_in(ana)
    assert end(here, row_of(there)).url == PROFILE
    assert [is_in(here), is_in(there), is_in(third)] == [True, False, True]


def test_nobody_signs_out_somebody_else(ana):
    ben = signed_in(UserFactory(name="Ben"))
    here = signed_in(ana)
    assert end(here, row_of(ben)).status_code == 404
    assert is_in(ben)


def test_everywhere_else_keeps_this_one(ana):
    here, there, ben = signed_in(ana), signed_in(ana), signed_in(UserFactory(name="Ben"))
    here.post(reverse("accounts:end-other-sessions"))
    assert [is_in(here), is_in(there), is_in(ben)] == [True, False, True]
    assert "Sign out everywhere else" not in here.get(PROFILE).content.decode()


def test_signing_out_needs_a_post_and_its_token(ana):
    here, there = signed_in(ana), signed_in(ana)
    address = reverse("accounts:end-session", args=[row_of(there).public_id])
    assert here.get(address).status_code == 405
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = here.cookies
    assert strict.post(address).status_code == 403
    assert strict.post(reverse("accounts:end-other-sessions")).status_code == 403
    assert is_in(there)


def test_an_administrator_signs_somebody_out_everywhere(ana):
    there = signed_in(ana)
    olga = User.objects.create_superuser("olga", name="Olga")
    admin = signed_in(olga)
    asked = {"action": "sign_out", "_selected_action": [ana.pk]}
    page = admin.post("/admin/accounts/user/", asked, follow=True)
    assert "Ana has to sign in again." in page.content.decode()
    assert [is_in(there), is_in(admin)] == [False, True]
