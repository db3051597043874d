"""How long a session lasts, what counts as use, and what ends it."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.contrib.auth import HASH_SESSION_KEY
from django.contrib.auth.models import AnonymousUser
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from apps.accounts import jobs
from apps.accounts.middleware import LoginSessionMiddleware, PersonMiddleware
from apps.accounts.models import LoginSession, User
from apps.accounts.sessions import engine, revoke
from apps.accounts.users import owner_account
from apps.projects import permissions
from apps.projects.tests.factories import MembershipFactory, UserFactory

PASSWORD = "correct horse battery staple"
ISSUER = "https://id.example/application/o/board/"
PROFILE = "/accounts/profile/"


@pytest.fixture
def ana(db):
    return User.objects.create_user("ana", name="Ana", password=PASSWORD)


def signed_in(person: User, **oidc: str) -> Client:
    """A browser of theirs; with `sub` and `sid` it came by Authentik."""
    client = Client(headers={"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) Firefox/150.0"})
    client.force_login(person)
    if oidc:
        session = client.session
        session["oidc"] = {"issuer": ISSUER, **oidc}
        session.save()
    return client


def is_in(client: Client) -> bool:
    return client.get(PROFILE).status_code == 200


def row_of(client: Client) -> LoginSession:
    return LoginSession.objects.get(session_key=client.cookies[settings.SESSION_COOKIE_NAME].value)


def long_unused(**by: float) -> None:
    LoginSession.objects.update(used_at=timezone.now() - timedelta(**by))


def long_begun(**by: float) -> None:
    LoginSession.objects.update(began_at=timezone.now() - timedelta(**by))


@pytest.mark.req("L25", "A2")
@pytest.mark.parametrize(
    ("oidc", "idle", "whole"),
    [({}, {"hours": 12}, {"days": 7}), ({"sub": "a", "sid": "1"}, {"hours": 2}, {"hours": 12})],
    ids=["local", "authentik"],
)
@pytest.mark.parametrize("address", [PROFILE, "/api/v1/projects/"])
def test_a_session_ends_when_unused_and_when_old(ana, oidc, idle, whole, address):
    for forget, limit in [(long_unused, idle), (long_begun, whole)]:
        client = signed_in(ana, **oidc)
        limit = timedelta(**limit)
        forget(seconds=limit.total_seconds() - 30)
        assert client.get(address).status_code == 200
        forget(seconds=limit.total_seconds() + 1)
        assert client.get(address).status_code in (302, 401)


@pytest.mark.req("L25")
@pytest.mark.parametrize("headers", [{}, {"HX-Request": "true"}], ids=["post", "htmx"])
def test_a_session_that_is_over_writes_nothing(ana, headers):
    client = signed_in(ana)
    long_unused(hours=13)
    client.post(reverse("accounts:preferences"), {"name": "Other", "density": "normal"}, headers=headers)
    ana.refresh_from_db()
    assert ana.name == "Ana"


@pytest.mark.req("L25")
def test_session_lifetime_shortened_holds_for_existing_ones(ana, settings):
    client = signed_in(ana)
    long_begun(hours=2)
    assert is_in(client)
    settings.LOCAL_SESSION = timedelta(hours=1)
    assert not is_in(client)


@pytest.mark.req("L25")
def test_session_cookie_ends_with_session_not_browser(ana):
    client = Client()
    client.post(reverse("accounts:sign-in"), {"username": "ana", "password": PASSWORD})
    week = timedelta(days=7).total_seconds()
    assert week - 5 < client.cookies[settings.SESSION_COOKIE_NAME]["max-age"] <= week


def test_use_is_noted_at_most_once_a_minute(ana, django_assert_num_queries):
    client = signed_in(ana)
    long_unused(seconds=50)
    before = row_of(client).used_at
    assert is_in(client)
    assert row_of(client).used_at == before
    long_unused(seconds=70)
    assert is_in(client)
    assert timezone.now() - row_of(client).used_at < timedelta(seconds=10)


def test_a_save_keeps_the_use_that_the_same_request_has_noted(ana):
    client = signed_in(ana)
    long_unused(seconds=70)
    session = client.session
    session["oidc_states"] = {}
    session.note_use()
    session.save()
    assert timezone.now() - row_of(client).used_at < timedelta(seconds=10)


@pytest.mark.req("L25")
def test_request_of_a_page_by_itself_is_no_session_use(ana):
    project = MembershipFactory(user=ana, project__key="TIDE").project
    client = signed_in(ana)
    long_unused(hours=1)
    assert client.get(f"/projects/TIDE/updates/?since=0&epoch={project.epoch}").status_code == 200
    assert timezone.now() - row_of(client).used_at > timedelta(minutes=59)


def test_session_person_and_membership_are_two_statements(ana, django_assert_num_queries):
    MembershipFactory(user=ana, project__key="TIDE")
    request = RequestFactory().get("/")
    request.COOKIES = {name: cookie.value for name, cookie in signed_in(ana).cookies.items()}

    def view(request) -> HttpResponse:
        return HttpResponse(permissions.project_for(request.user, "TIDE").role)

    with django_assert_num_queries(2):
        request.resolver_match = None
        assert LoginSessionMiddleware(PersonMiddleware(view))(request).content == b"member"


@pytest.mark.req("L12")
def test_visitors_leave_no_rows_and_what_is_over_is_cleared(ana):
    for _ in range(3):
        Client().get(reverse("accounts:sign-in"))
        Client().get(PROFILE)
    assert not LoginSession.objects.exists()
    signed_in(ana)
    signed_in(ana, sub="a", sid="1")
    visit = Client().session
    visit["oidc_states"] = {"x": "y"}
    visit.save()
    jobs.clear_sessions()
    assert LoginSession.objects.count() == 3
    long_unused(hours=3)
    jobs.clear_sessions()
    assert [row.issuer for row in LoginSession.objects.all()] == [""]
    long_unused(hours=13)
    jobs.clear_sessions()
    assert not LoginSession.objects.exists()


@pytest.mark.req("L12")
def test_the_clearing_is_scheduled():
    entry = settings.CELERY_BEAT_SCHEDULE["clear-sessions"]
    assert (entry["task"], entry["schedule"]) == (jobs.clear_sessions.name, 3600)


def test_a_session_knows_who_where_and_by_what(ana):
    client = Client(headers={"User-Agent": "Fire\u0001fox" + "x" * 400}, REMOTE_ADDR="2001:db8::7")
    client.post(reverse("accounts:sign-in"), {"username": "ana", "password": PASSWORD})
    row = row_of(client)
    assert (row.user, row.address, row.issuer) == (ana, "2001:db8::7", "")
    assert row.device.startswith("Firefoxxx")
    assert len(row.device) == 300


def test_a_header_says_nothing_about_the_address(ana):
    client = Client(headers={"X-Forwarded-For": "6.6.6.6", "X-Real-IP": "6.6.6.6"})
    client.post(reverse("accounts:sign-in"), {"username": "ana", "password": PASSWORD})
    assert row_of(client).address == "127.0.0.1"


def test_authentiks_names_stand_in_the_row(ana):
    row = row_of(signed_in(ana, sub="a", sid="1"))
    assert (row.issuer, row.sub, row.sid) == (ISSUER, "a", "1")


@pytest.fixture
def begin():
    """Sign somebody in over an existing session; its new store."""

    def begin(client: Client, person: User) -> engine.SessionStore:
        request = RequestFactory().post("/")
        request.session = client.session
        request.user = engine.person_of(request.session)
        engine.start_session(request, person, "apps.accounts.login.backends.PeopleBackend")
        request.session.save()
        return request.session

    return begin


@pytest.mark.req("A2", "L9")
def test_signing_in_again_is_under_a_new_key_and_begins_anew(ana, begin):
    client = signed_in(ana)
    old = row_of(client)
    long_begun(days=3)
    new = begin(client, ana)
    assert new.session_key != old.session_key
    [row] = LoginSession.objects.all()
    assert timezone.now() - row.began_at < timedelta(minutes=1)


@pytest.mark.req("A2", "L9")
def test_nothing_of_an_earlier_person_is_left(ana, begin):
    client = signed_in(ana, sub="a", sid="1")
    ben = UserFactory(name="Ben")
    new = begin(client, ben)
    assert "oidc" not in new
    assert LoginSession.objects.get().user == ben


@pytest.mark.req("L12")
def test_sessions_of_one_person_are_bounded_to_last_used(ana, begin, monkeypatch):
    monkeypatch.setattr(engine, "MOST_PER_PERSON", 3)
    ben = UserFactory(name="Ben")
    begin(Client(), ben)
    first = begin(Client(), ana)
    begin(Client(), ana)
    ana.sessions.filter(session_key=first.session_key).update(used_at=timezone.now() + timedelta(minutes=1))
    for _ in range(4):
        last = begin(Client(), ana)
    kept = set(ana.sessions.values_list("session_key", flat=True))
    assert len(kept) == 3
    assert {first.session_key, last.session_key} < kept
    assert ben.sessions.count() == 1


@pytest.mark.req("A2")
def test_a_new_key_is_the_same_session(ana):
    client = signed_in(ana, sub="a", sid="1")
    long_begun(hours=5)
    before = row_of(client)
    session = client.session
    session.cycle_key()
    session.save()
    after = LoginSession.objects.get()
    assert after.session_key != before.session_key
    assert (after.public_id, after.began_at, after.sid) == (before.public_id, before.began_at, "1")


@pytest.mark.req("L9")
def test_a_key_that_somebody_made_up_is_never_taken_over(ana):
    client = Client()
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    client.post(reverse("accounts:sign-in"), {"username": "ana", "password": PASSWORD})
    assert row_of(client).session_key != "a" * 32


@pytest.mark.req("A2")
def test_ending_one_session_leaves_the_others(ana):
    here, there = signed_in(ana), signed_in(ana)
    revoke.end_session(row_of(there), by=ana)
    assert (is_in(here), is_in(there)) == (True, False)


@pytest.mark.req("A2")
def test_ending_all_sessions_but_one(ana):
    here, there, bens = signed_in(ana), signed_in(ana), signed_in(UserFactory(name="Ben"))
    assert revoke.end_all_sessions(ana, by=ana, except_key=row_of(here).session_key) == 1
    assert (is_in(here), is_in(there), is_in(bens)) == (True, False, True)
    assert revoke.end_all_sessions(ana, by=ana) == 1
    assert not is_in(here)


@pytest.mark.req("L30", "A2")
@pytest.mark.parametrize(
    ("told", "left"),
    [
        ({"sid": "1"}, ["2", "3", "local"]),
        ({"sub": "a", "sid": "1"}, ["2", "3", "local"]),
        ({"sub": "a"}, ["3", "local"]),
        ({"sub": "b", "sid": "1"}, ["1", "2", "3", "local"]),
        ({"sub": "", "sid": "9"}, ["1", "2", "3", "local"]),
    ],
)
def test_the_provider_ends_exactly_the_sessions_it_names(ana, told, left):
    ben = UserFactory(name="Ben")
    opened = {
        "1": signed_in(ana, sub="a", sid="1"),
        "2": signed_in(ana, sub="a", sid="2"),
        "3": signed_in(ben, sub="b", sid="3"),
        "local": signed_in(ana),
    }
    assert revoke.end_provider_sessions(ISSUER, **told) == 4 - len(left)
    assert [name for name, client in opened.items() if is_in(client)] == left


@pytest.mark.req("L30")
def test_end_provider_sessions_needs_issuer_and_subject(ana):
    client = signed_in(ana, sub="a", sid="1")
    assert revoke.end_provider_sessions("https://other.example/", sub="a", sid="1") == 0
    with pytest.raises(ValueError, match="by sub, by sid"):
        revoke.end_provider_sessions(ISSUER)
    assert is_in(client)


@pytest.mark.req("A2", "E7")
def test_sessions_of_closed_account_stay_ended_when_reopened(ana):
    client = signed_in(ana)
    User.objects.filter(pk=ana.pk).update(is_active=False)
    assert not LoginSession.objects.exists()
    User.objects.filter(pk=ana.pk).update(is_active=True)
    assert not is_in(client)


def test_other_changes_of_an_account_leave_its_sessions(ana):
    client = signed_in(ana)
    ana.name = "Ana Ruiz"
    ana.save()
    assert is_in(client)


@pytest.mark.req("A2")
def test_the_owners_new_password_ends_the_owners_sessions(db):
    owner, _password = owner_account.ensure_owner()
    client = signed_in(owner)
    owner_account.reset_owner_password()
    assert not is_in(client)
    assert not LoginSession.objects.exists()


@pytest.mark.req("A2")
def test_a_new_password_keeps_this_session_under_a_new_key(ana):
    here, there = signed_in(ana), signed_in(ana)
    before = row_of(here)
    new = "a much better passphrase"
    here.post(reverse("accounts:password"), {"old_password": PASSWORD, "new_password1": new, "new_password2": new})
    after = LoginSession.objects.get()
    assert (is_in(here), is_in(there)) == (True, False)
    assert after.session_key != before.session_key
    assert after.public_id == before.public_id


def test_a_session_that_was_ended_meanwhile_does_not_come_back(ana):
    client = signed_in(ana)
    session = client.session
    session["x"] = 1
    revoke.end_all_sessions(ana, by=ana)
    with pytest.raises(engine.db.UpdateError):
        session.save()
    assert not LoginSession.objects.exists()


async def test_asynchronous_callers_meet_the_same_lifetimes(transactional_db):
    from asgiref.sync import sync_to_async

    ana = await sync_to_async(UserFactory)(name="Ana")
    client = await sync_to_async(signed_in)(ana)
    key = client.cookies[settings.SESSION_COOKIE_NAME].value
    await engine.SessionStore(key).acycle_key()
    row = await LoginSession.objects.aget()
    await sync_to_async(long_unused)(hours=13)
    assert await engine.SessionStore(row.session_key).aget("_auth_user_id") is None


def test_an_agent_is_nobodys_session(ana):
    client = signed_in(ana)
    User.objects.filter(pk=ana.pk).update(kind="agent")
    assert isinstance(engine.person_of(client.session), AnonymousUser)


@pytest.mark.req("L35")
def test_session_end_answered_to_script_keeps_reason_for_page(ana):
    browser = Client()
    browser.force_login(ana)
    revoke.end_all_sessions(ana, by=ana)
    told = browser.get("/accounts/profile/", headers={"Accept": "application/json"})
    assert (told.status_code, settings.SESSION_COOKIE_NAME in told.cookies) == (401, False)
    sent = browser.get("/accounts/profile/")
    assert "refusal=session_ended" in sent["Location"]
    assert sent.cookies[settings.SESSION_COOKIE_NAME]["max-age"] == 0


@pytest.mark.req("L25", "FLT-26")
def test_session_of_another_password_is_nobodys(ana):
    """Also one that the database's trigger has not ended."""
    client = signed_in(ana)
    session = client.session
    session[HASH_SESSION_KEY] = "of another password"
    session.save()
    assert not is_in(client)
    assert not ana.sessions.exists()
