"""What administrators find out and decide: doctor, attempts, linking by hand."""

import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import Identity, SignInAttempt, User
from apps.accounts.oidc import provider_check, sign_in_log


def said(*arguments: str) -> str:
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def wrong() -> str:
    return " ".join(finding.sentence for finding in provider_check.examine() if not finding.is_well)


@pytest.mark.req("L44")
def test_the_doctor_finds_all_well_and_says_what_to_paste(provider, settings):
    told = said("doctor", "oidc")
    assert "WRONG" not in told
    for address in ("oidc/callback/", "", "oidc/backchannel-logout/"):
        assert f"http://testserver/{address}\n" in told
    assert settings.AUTHENTIK_CLIENT_SECRET not in told


@pytest.mark.req("L44")
@pytest.mark.parametrize(
    ("fault", "word"),
    [
        ({"status": 500}, "answered 500"),
        ({"status": 200, "body": json.dumps({"issuer": "http://127.0.0.1/"})}, "calls itself http://127.0.0.1/"),
        ({"drop_connection": True}, "The connection broke"),
    ],
)
def test_the_doctor_says_why_discovery_fails(provider, fault, word):
    provider.fault("discovery", times=5, **fault)
    assert word in wrong()
    with pytest.raises(CommandError):
        said("doctor", "oidc")


@pytest.mark.req("L44")
def test_the_doctor_sees_a_missing_signing_key_and_a_wrong_clock(provider, settings, monkeypatch):
    settings.AUTHENTIK_ALGORITHM = "ES256"
    assert "ES256 is wanted. Choose a signing key" in wrong()
    assert "0 key(s)" in wrong()
    settings.AUTHENTIK_ALGORITHM = "RS256"
    later = timezone.now() + timedelta(minutes=5)
    monkeypatch.setattr(provider_check.timezone, "now", lambda: later)
    assert "s apart; 60 s are allowed" in wrong()


@pytest.mark.req("L44")
def test_the_doctor_needs_a_configuration(provider, settings):
    settings.AUTHENTIK_CLIENT_SECRET = ""
    assert "AUTHENTIK_CLIENT_SECRET is missing" in wrong()
    settings.AUTHENTIK_ISSUER = ""
    assert "AUTHENTIK_ISSUER is not set" in wrong()


@pytest.mark.req("L42")
def test_a_local_account_is_found_shown_and_linked(person, provider):
    max_ = person()
    max_.sign_in()
    local = User.objects.create_user("old-max", email="MAX@example.test", name="Max", password="a" * 20)
    sub = provider.sub("max")
    assert sub in said("oidc", "candidates")
    assert "Nothing was changed" in said("oidc", "link", "old-max", sub)
    assert not local.identities.exists()
    assert "opens max now and will open old-max" in said("oidc", "link", "old-max", sub, "--yes")
    again = person()
    again.sign_in()
    assert again.user_id == str(local.pk)
    with pytest.raises(CommandError, match="no person called nobody"):
        said("oidc", "link", "nobody", sub)


@pytest.mark.req("L42")
def test_another_issuer_or_subject_mode_keeps_the_accounts(person, provider, tmp_path):
    max_ = person()
    max_.sign_in()
    Identity.objects.update(issuer="https://old.example/", sub="7")
    table = tmp_path / "subs.csv"
    table.write_text(f"7,{provider.sub('max')}\n")
    move = ("oidc", "relink", "--from", "https://old.example/", "--to", provider.issuer, "--map", str(table))
    assert "1 identities move" in said(*move)
    assert Identity.objects.get().sub == "7"
    assert "Done." in said(*move, "--yes")
    again = person()
    again.sign_in()
    assert again.user_id == max_.user_id


@pytest.mark.req("L42")
def test_an_identity_is_never_moved_onto_another(person, provider):
    person().sign_in()
    other = User.objects.create_user("ana", name="Ana")
    Identity.objects.create(issuer="https://old.example/", sub=provider.sub("max"), user=other)
    with pytest.raises(CommandError, match="nothing was changed"):
        said("oidc", "relink", "--from", "https://old.example/", "--to", provider.issuer, "--yes")
    assert Identity.objects.filter(issuer="https://old.example/").exists()


def test_administrators_read_why_somebody_could_not_sign_in(person):
    person("guest").sign_in()
    person("max").sign_in()
    admin = Client()
    admin.force_login(User.objects.create_superuser("root", name="Olga", password="a" * 20))
    page = admin.get(reverse("admin:accounts_signinattempt_changelist")).content.decode()
    assert "You are not in the group that may use Team Board." in page
    assert "Max Member" in page
    refused = SignInAttempt.objects.get(outcome="group_required")
    detail = admin.get(reverse("admin:accounts_signinattempt_change", args=[refused.pk])).content.decode()
    assert "Ask an administrator to add you to it" in detail
    assert "guest@example.test" not in detail
    people = admin.get(reverse("admin:accounts_user_changelist")).content.decode()
    assert "with Authentik" in people


def test_a_flood_at_the_callback_is_logged_but_not_kept(provider, monkeypatch, client):
    monkeypatch.setattr(sign_in_log, "KEPT_PER_MINUTE", 3)
    for _ in range(5):
        client.get("/oidc/callback/", {"state": "x"})
    assert SignInAttempt.objects.count() == 3
