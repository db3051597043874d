import pytest
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import ApiToken, User
from apps.accounts.users import views
from apps.projects.models import Membership, Project
from teamboard.observability import health
from teamboard.web.middleware import PersonTimeZoneMiddleware

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ana(client, db):
    person = User.objects.create_user("ana", name="Ana", password=PASSWORD)
    client.force_login(person)
    return person


def save(client, **changes):
    fields = {"name": "Ana", "language": "", "theme": "", "density": "normal"}
    return client.post(reverse("accounts:preferences"), fields | changes)


def test_preferences_are_kept_and_the_language_is_spoken_at_once(client, ana):
    response = save(client, name="Ana Ruiz", language="ru", theme="dark", density="compact")
    assert response.status_code == 302
    ana.refresh_from_db()
    assert (ana.name, ana.language, ana.theme, ana.density) == ("Ana Ruiz", "ru", "dark", "compact")
    assert client.get(reverse("accounts:profile"))["Content-Language"] == "ru"


def test_preferences_refuse_unknown_theme_and_keep_nothing(client, ana):
    assert save(client, name="Other", theme="neon").status_code == 422
    ana.refresh_from_db()
    assert ana.name == "Ana"


def test_preferences_cannot_make_somebody_an_administrator(client, ana):
    save(client, is_staff="on", is_superuser="on", kind="agent", username="owner")
    ana.refresh_from_db()
    assert (ana.is_staff, ana.is_superuser, ana.kind, ana.username) == (False, False, "person", "ana")


def test_time_zone_holds_for_pages_without_another_query(client, ana, rf, django_assert_num_queries):
    save(client, time_zone="Asia/Tokyo")
    ana.refresh_from_db()
    assert b'data-zone="Asia/Tokyo"' in client.get(reverse("accounts:profile")).content
    with django_assert_num_queries(0):
        assert clock_of(rf, ana) == "Asia/Tokyo"
    assert timezone.get_current_timezone_name() == "UTC"


@pytest.mark.parametrize("name", ["Mars/Olympus", "../../etc/passwd", "Europe", "localtime\0"])
def test_time_zone_unknown_is_refused_or_ignored_as_cookie(client, ana, rf, name):
    assert save(client, time_zone=name).status_code == 422
    assert clock_of(rf, ana, cookie=name) == "UTC"


def test_without_a_choice_the_clock_is_the_browsers(client, ana, rf):
    assert b"data-zone" not in client.get(reverse("accounts:profile")).content
    assert clock_of(rf, ana, cookie="Europe/Berlin") == "Europe/Berlin"
    ana.time_zone = "Asia/Tokyo"
    assert clock_of(rf, ana, cookie="Europe/Berlin") == "Asia/Tokyo"


def test_doors_without_sign_in_keep_to_utc(ana, rf):
    ana.time_zone = "Asia/Tokyo"
    assert clock_of(rf, ana, view=health.alive) == "UTC"


def clock_of(rf, person, *, cookie="", view=views.profile) -> str:
    """The zone in which `view` would write its times."""
    request = rf.get("/", headers={"Cookie": f"time_zone={cookie}"})
    request.user = person

    def answer(request):
        middleware.process_view(request, view, (), {})
        return timezone.get_current_timezone_name()

    middleware = PersonTimeZoneMiddleware(answer)
    return middleware(request)


@pytest.mark.req("L5")
def test_who_has_no_password_is_offered_none_to_change(client, ana):
    assert b'id="password"' in client.get(reverse("accounts:profile")).content
    ana.set_unusable_password()
    ana.save()
    client.force_login(ana)
    assert b'id="password"' not in client.get(reverse("accounts:profile")).content
    fields = {"old_password": "", "new_password1": PASSWORD, "new_password2": PASSWORD}
    assert client.post(reverse("accounts:password"), fields).status_code == 422


def create_token(client, **changes):
    fields = {"name": "ci", "scope": "write", "expires_in": "30"}
    return client.post(reverse("accounts:create-token"), fields | changes)


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client, ana):
    page = create_token(client).content.decode()
    text = page.split('id="fresh-token">')[1].split("<")[0]
    token = ApiToken.objects.get()
    assert text.startswith(f"tb_{token.prefix}_")
    assert len(text.rpartition(f"{token.prefix}_")[2]) == 43 + 6
    assert text not in client.get(reverse("accounts:profile")).content.decode()
    assert text.split("_", 2)[2] not in str(ApiToken.objects.values().get())


@pytest.mark.req("L36", "A6")
def test_a_token_is_for_some_of_ones_own_projects(client, ana):
    mine, later, foreign = (
        Project.objects.create(name=name, key=name.upper()) for name in ("Mine", "Later", "Foreign")
    )
    for project in (mine, later):
        Membership.objects.create(project=project, user=ana)
    assert create_token(client, only_projects=[foreign.pk]).status_code == 422
    assert create_token(client, only_projects=[mine.pk]).status_code == 201
    assert ApiToken.objects.get().only_projects == [mine.pk]
    assert "<td>Mine</td>" in client.get(reverse("accounts:profile")).content.decode()
    create_token(client)
    assert ApiToken.objects.first().only_projects is None


def test_a_token_lives_a_year_at_most(client, ana):
    assert create_token(client, expires_in="400").status_code == 422
    assert not ApiToken.objects.exists()


def test_revoking_is_for_ones_own_tokens(client, ana):
    create_token(client)
    mine = ApiToken.objects.get()
    ben = User.objects.create_user("ben", name="Ben")
    client.force_login(ben)
    assert client.post(reverse("accounts:revoke-token", args=[mine.pk])).status_code == 404
    client.force_login(ana)
    client.post(reverse("accounts:revoke-token", args=[mine.pk]))
    mine.refresh_from_db()
    assert mine.revoked_at


def test_a_new_password_ends_every_other_session(client, ana):
    other = type(client)()
    other.force_login(ana)
    new = "a much better passphrase"
    fields = {"old_password": PASSWORD, "new_password1": new, "new_password2": new}
    assert client.post(reverse("accounts:password"), fields).status_code == 302
    assert client.get(reverse("accounts:profile")).status_code == 200
    assert other.get(reverse("accounts:profile")).status_code == 302


def test_a_short_password_is_refused(client, ana):
    fields = {"old_password": PASSWORD, "new_password1": "short", "new_password2": "short"}
    assert client.post(reverse("accounts:password"), fields).status_code == 422
