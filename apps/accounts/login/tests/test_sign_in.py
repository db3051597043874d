import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from apps.accounts import checks
from apps.accounts.login import errors, password_hasher
from apps.accounts.models import User

PASSWORD = "correct horse battery staple"


@pytest.fixture
def ana(db):
    return User.objects.create_user("ana", name="Ana", password=PASSWORD)


def sign_in(client: Client, username: str = "ana", password: str = PASSWORD, **more):
    return client.post(reverse("accounts:sign-in"), {"username": username, "password": password, **more})


def test_the_right_password_opens_the_projects_and_a_new_session(client, ana):
    client.get(reverse("accounts:sign-in"))
    response = sign_in(client)
    assert response.status_code == 302
    assert response.url == reverse("projects:list")
    assert client.session["_auth_user_id"] == str(ana.pk)


def test_sign_in_answers_all_wrong_accounts_alike(client, ana):
    closed = User.objects.create_user("cy", name="Cy", password=PASSWORD, is_active=False)
    User.objects.create_agent(username="scribe", name="Scribe", hue="teal")
    tries = [("ana", "wrong"), ("nobody", PASSWORD), (closed.username, PASSWORD), ("scribe", PASSWORD)]
    pages = []
    for username, password in tries:
        response = sign_in(Client(), username, password)
        assert response.status_code == 422
        pages.append([str(error) for error in response.context["form"].non_field_errors()])
    assert pages == [["That name and password do not match."]] * 4


def test_an_agent_has_no_session_even_with_a_password(client, db):
    scribe = User.objects.create_agent(username="scribe", name="Scribe", hue="teal")
    scribe.set_password(PASSWORD)
    scribe.save()
    assert sign_in(client, "scribe").status_code == 422
    client.force_login(scribe)
    assert client.get(reverse("accounts:profile")).status_code == 302


@pytest.mark.parametrize(
    "asked",
    [
        *("https://evil.example/", "//evil.example/", "/\\evil.example/", "\\\\evil.example", "javascript:alert(1)"),
        *("/\tevil.example", "///evil.example", "/ok\n", "evil", "http:evil.example", "/\u202eevil"),
    ],
)
@pytest.mark.req("A8")
def test_only_our_own_paths_are_returned_to(client, ana, asked):
    assert sign_in(client, next=asked).url == reverse("projects:list")


@pytest.mark.req("A8")
def test_signing_in_returns_to_the_path_that_asked_for_it(client, ana):
    asked = client.get(reverse("accounts:profile"))
    assert asked.url == "/accounts/sign-in/?next=/accounts/profile/"
    assert sign_in(client, next="/accounts/profile/?a=b").url == "/accounts/profile/?a=b"


@pytest.mark.parametrize("username", ["ana", "nobody"])
def test_sign_in_closes_after_ten_failures_of_any_account(client, ana, username):
    for _ in range(9):
        assert sign_in(client, username, "wrong").status_code == 422
    locked = sign_in(client, username, "wrong")
    assert locked.status_code == 429
    assert locked["Retry-After"] == "300"
    assert "Please try again in 5 minutes." in locked.content.decode()
    assert sign_in(client).status_code == 429  # from this address, even with the right password


def test_signing_out_needs_a_post(client, ana):
    sign_in(client)
    assert client.get(reverse("accounts:sign-out")).status_code == 405
    response = client.post(reverse("accounts:sign-out"), follow=True)
    assert "You are signed out." in response.content.decode()
    assert "_auth_user_id" not in client.session


def test_the_admin_has_no_door_of_its_own(client, ana):
    assert client.get("/admin/").url == "/accounts/sign-in/?next=/admin/"
    assert client.get("/admin/login/").url == "/accounts/sign-in/?next=%2Fadmin%2F"
    assert client.post("/admin/login/", {"username": "ana", "password": PASSWORD}).status_code == 405
    sign_in(client)
    assert client.get("/admin/", follow=True).status_code == 404


def test_sign_in_page_says_reason_only_in_our_words(client, db):
    closed = client.get(errors.address_of("account_closed", after="/projects/TIDE/"))
    assert "Your account in Team Board is closed." in closed.content.decode()
    assert 'name="next" value="/projects/TIDE/"' in closed.content.decode()
    made_up = client.get(errors.address_of("<b>Call 555 and read us your password</b>"))
    assert "You could not be signed in." in made_up.content.decode()
    assert "555" not in made_up.content.decode()


def test_without_a_reason_none_is_given(client, db):
    assert b"signin__refusal" not in client.get(reverse("accounts:sign-in")).content


def said(language: str) -> list[str]:
    with translation.override(language):
        return [str(text) for refusal in errors.REFUSALS.values() for text in refusal[:2]]


def test_every_refusal_is_said_in_russian():
    assert not set(said("en")) & set(said("ru"))


def test_what_a_refusal_says_are_whole_sentences():
    for code, refusal in errors.REFUSALS.items():
        assert refusal.title.endswith("."), code
        assert refusal.text.endswith("."), code


@pytest.fixture
def no_passwords(settings):
    settings.LOCAL_SIGN_IN = False


@pytest.fixture
def olga(db):
    return User.objects.create_superuser("olga", name="Olga", password=PASSWORD)


@pytest.mark.req("L5")
def test_sign_in_without_passwords_refuses_superusers_too(client, olga, no_passwords):
    assert b'name="password"' not in client.get(reverse("accounts:sign-in")).content
    assert sign_in(client, "olga").status_code == 403
    assert "_auth_user_id" not in client.session


def break_glass(client: Client, username: str, password: str = PASSWORD):
    return client.post(reverse("accounts:break-glass"), {"username": username, "password": password})


@pytest.mark.req("L5")
def test_superusers_keep_a_door_which_nobody_else_has(client, ana, olga, no_passwords):
    assert b'name="password"' in client.get(reverse("accounts:break-glass")).content
    refused = break_glass(client, "ana")
    assert refused.status_code == 422
    assert "That name and password do not match." in refused.content.decode()
    assert "_auth_user_id" not in client.session
    assert break_glass(client, "olga").status_code == 302
    assert client.session["_auth_user_id"] == str(olga.pk)


@pytest.mark.req("L5", "A5")
@pytest.mark.parametrize("password", ["wrong", PASSWORD])
def test_break_glass_closes_after_ten_failures(client, ana, olga, no_passwords, password):
    for _ in range(9):
        assert break_glass(client, "ana", password).status_code == 422
    locked = break_glass(client, "ana", password)
    assert locked.status_code == 429
    assert b'name="password"' in locked.content
    assert break_glass(client, "olga").status_code == 429


def test_with_local_sign_in_the_one_page_is_enough(client, olga):
    assert client.get(reverse("accounts:break-glass")).url == reverse("accounts:sign-in")
    assert break_glass(client, "olga").url == reverse("accounts:sign-in")
    assert "_auth_user_id" not in client.session


@pytest.mark.req("L5")
def test_a_board_without_any_way_in_does_not_start(no_passwords, settings):
    settings.AUTHENTIK_ISSUER = ""
    [error] = checks.can_sign_in()
    assert "LOCAL_SIGN_IN" in error.msg
    settings.AUTHENTIK_ISSUER = "https://auth.example/application/o/board/"
    assert checks.can_sign_in() == []


def test_a_form_without_its_csrf_token_is_refused(ana):
    strict = Client(enforce_csrf_checks=True)
    assert sign_in(strict).status_code == 403


@pytest.mark.req("A4")
def test_two_hashes_are_made_at_a_time():
    with password_hasher.SLOTS, password_hasher.SLOTS:
        assert not password_hasher.SLOTS.acquire(blocking=False)
    assert password_hasher.SLOTS.acquire(blocking=False)
    password_hasher.SLOTS.release()


@pytest.mark.req("A4")
def test_passwords_are_kept_as_argon2id_by_the_slotted_hasher(ana):
    assert ana.password.startswith("argon2$argon2id$")
