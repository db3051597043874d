import pytest
from django.urls import reverse

from apps.accounts.models import ApiToken, User

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


def test_a_theme_that_does_not_exist_is_refused_and_nothing_is_kept(client, ana):
    assert save(client, name="Other", theme="neon").status_code == 422
    ana.refresh_from_db()
    assert ana.name == "Ana"


def test_preferences_cannot_make_somebody_an_administrator(client, ana):
    save(client, is_staff="on", is_superuser="on", kind="agent", username="owner")
    ana.refresh_from_db()
    assert (ana.is_staff, ana.is_superuser, ana.kind, ana.username) == (False, False, "person", "ana")


def create_token(client, **changes):
    fields = {"name": "ci", "scope": "write", "expires_in": "30"}
    return client.post(reverse("accounts:create-token"), fields | changes)


def test_a_token_is_shown_once_and_only_its_digest_is_kept(client, ana):
    page = create_token(client).content.decode()
    text = page.split('id="fresh-token">')[1].split("<")[0]
    token = ApiToken.objects.get()
    assert text.startswith(f"tb_{token.prefix}_")
    assert len(text.rpartition(f"{token.prefix}_")[2]) == 43
    assert text not in client.get(reverse("accounts:profile")).content.decode()
    assert text.rpartition("_")[2] not in str(ApiToken.objects.values().get())


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
