import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User


@pytest.fixture
def ana(db) -> Client:
    client = Client(enforce_csrf_checks=True)
    client.force_login(User.objects.create_user("ana", name="Ana"))
    return client


def test_a_form_of_an_old_page_says_what_to_do(ana):
    page = ana.post(reverse("accounts:preferences"), {"name": "Eve"})
    assert page.status_code == 403
    assert "This page is from before you signed in or out." in page.content.decode()
    told = ana.post(reverse("accounts:preferences"), {"name": "Eve"}, headers={"Accept": "application/json"})
    assert told.status_code == 403
    assert told.json()["code"] == "stale_page"
    assert User.objects.get().name == "Ana"


def test_csrf_failure_lets_in_who_signed_in_elsewhere(ana):
    assert ana.post(reverse("accounts:sign-in"), {"next": "/accounts/profile/"}).url == "/accounts/profile/"
    assert ana.post(reverse("accounts:sign-in"), {"next": "https://evil.example/"}).url == reverse("projects:list")
    assert Client(enforce_csrf_checks=True).post(reverse("accounts:sign-in")).status_code == 403
