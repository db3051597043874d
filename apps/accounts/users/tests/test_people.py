"""People with a password here: added by an administrator, registered by an invitation, helped when they forgot it."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from apps.accounts.forms import AccountForm
from apps.accounts.models import AuditEntry, Identity, User
from apps.accounts.oidc.identities import provision
from apps.accounts.users import owner_account, people, service_accounts, site_roles, username_lock
from apps.errors import NotAllowed

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-4")]
SIGN_IN = "/accounts/sign-in/"
GOOD = "the quay is wet in the morning"


@pytest.fixture
def root(db) -> User:
    return User.objects.create_superuser("root", name="Root", password="a long password for tests")


@pytest.fixture
def ana(root) -> User:
    return people.create(username="ana", name="Ana Ruiz", by=root)


@pytest.fixture
def admin(root) -> Client:
    client = Client()
    client.force_login(root)
    return client


def signs_in(username: str, password: str) -> bool:
    return Client().post(SIGN_IN, {"username": username, "password": password}).status_code == 302


def test_created_person_signs_in_once_they_have_a_password(root, ana):
    assert not ana.has_usable_password()
    password = people.reset_password(ana, by=root)
    assert signs_in("ana", password)
    told = AuditEntry.objects.filter(action__in=["account.created", "password.reset"]).values_list(
        "action", "who", "facts__username"
    )
    assert sorted(told) == [("account.created", "Root", "ana"), ("password.reset", "Root", "ana")]
    assert password not in str(list(AuditEntry.objects.values_list("facts", flat=True)))


def test_reset_ends_old_password_and_sessions(root, ana):
    first = people.reset_password(ana, by=root)
    there = Client()
    there.post(SIGN_IN, {"username": "ana", "password": first})
    assert there.get("/projects/").status_code == 200
    people.reset_password(ana, by=None)
    assert there.get("/projects/").status_code == 302
    assert not ana.sessions.exists()
    assert not signs_in("ana", first)


def test_reset_forgets_failed_attempts(settings, root, ana):
    """Who forgot their password has tried; the new one must not be refused for that."""
    settings.AXES_FAILURE_LIMIT = 3
    for _attempt in range(4):
        signs_in("ana", "no idea")
    password = people.reset_password(ana, by=root)
    assert signs_in("ana", password)
    for _attempt in range(4):
        signs_in("owner", "no idea")
    assert signs_in("owner", owner_account.reset_owner_password()[1])


@pytest.mark.parametrize("username", ["ana", "Ana", "ANA", "\uff41\uff4e\uff41", "\uff21\uff2e\uff21", "ªna"])
def test_username_is_one_persons_whatever_its_case(root, ana, username):
    with pytest.raises(username_lock.UsernameTaken):
        people.create(username=username, name="Another", by=root)
    with pytest.raises(username_lock.UsernameTaken):
        people.register(username=username, name="Another", password=GOOD)
    with pytest.raises(username_lock.UsernameTaken):
        service_accounts.create(username=username, name="CI", by=root)


@pytest.mark.parametrize(("typed", "kept"), [("\uff5a\uff4f\uff45", "zoe"), ("zoe\u0308", "zoë"), ("Zoe", "Zoe")])
def test_username_is_kept_as_it_is_looked_up(admin, root, typed, kept):
    """Signing in reads what is typed by its compatible letters: who is kept otherwise never gets in again."""
    add = reverse("admin:accounts_user_add")
    made = [
        lambda: people.create(username=typed, name="Zoe", by=root),
        lambda: people.register(username=typed, name="Zoe", password=GOOD),
        lambda: service_accounts.create(username=typed, name="Zoe", by=root),
        lambda: admin.post(add, {"account_for": "person", "username": typed, "name": "Zoe"}),
        lambda: admin.post(add, {"account_for": "service", "username": typed, "name": "Zoe"}),
        lambda: provision.provision({"sub": "1", "preferred_username": typed, "groups": ["teamboard-users"]}),
    ]
    for make in made:
        make()
        assert list(User.objects.exclude(pk=root.pk).values_list("username", flat=True)) == [kept]
        User.objects.exclude(pk=root.pk).delete()


def test_who_registers_in_full_width_signs_in_again():
    people.register(username="\uff41\uff4e\uff41", name="Ana", password=GOOD)
    assert signs_in("\uff41\uff4e\uff41", GOOD)
    assert signs_in("ana", GOOD)


@pytest.mark.parametrize(
    ("username", "sentence"),
    [
        ("\uff32\uff2f\uff2f\uff34", "That username is already taken."),
        ("½", "Enter a valid username."),
        ("ﬃ" * 60, "That is too long: 180 characters, 150 at most."),
    ],
)
def test_form_looks_at_username_as_it_will_be_kept(root, username, sentence):
    form = AccountForm({"username": username, "name": "Another"})
    assert sentence in str(form.errors["username"])


@pytest.mark.django_db(transaction=True)
def test_of_two_with_one_username_at_once_one_is_made():
    def make(username: str) -> bool:
        try:
            people.register(username=username, name=username, password=GOOD)
        except username_lock.UsernameTaken:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(5) as pool:
        made = list(pool.map(make, ["ana", "Ana", "ANA", "aNa", "\uff41na"]))
    assert sorted(made) == [False, False, False, False, True]
    assert User.objects.filter(username__iexact="ana").count() == 1


def test_only_administrators_create_and_reset(ana):
    ben = User.objects.create_user("ben", name="Ben")
    with pytest.raises(NotAllowed):
        people.create(username="cy", name="Cy", by=ben)
    with pytest.raises(NotAllowed):
        people.reset_password(ana, by=ben)
    ana.refresh_from_db()
    assert not ana.has_usable_password()


def test_reset_is_refused_for_programs_closed_accounts_and_oneself(root, ana):
    ci = service_accounts.create(username="ci", name="CI", by=root)
    agent = User.objects.create_agent(username="agent-scribe", name="Scribe", hue="teal")
    for program in (ci, agent):
        with pytest.raises(people.NotAPerson):
            people.reset_password(program, by=root)
    site_roles.close(ana, by=root)
    with pytest.raises(people.AccountClosed):
        people.reset_password(ana, by=root)
    with pytest.raises(site_roles.NotOneself):
        people.reset_password(root, by=root)


def test_admin_adds_person_and_shows_password_once(admin):
    fields = {"account_for": "person", "username": "ana", "name": "Ana Ruiz"}
    answer = admin.post(reverse("admin:accounts_user_add"), fields, follow=True)
    ana = User.objects.get(username="ana")
    address = reverse("admin:accounts_user_reset_password", args=[ana.pk])
    assert answer.redirect_chain == [(address, 302)]
    assert "<bdi>Ana Ruiz</bdi> has no password yet" in answer.content.decode()
    shown = admin.post(address)
    password = shown.context["password"]
    assert password in shown.content.decode()
    assert signs_in("ana", password)
    assert password not in admin.get(address).content.decode()
    assert "signed out everywhere" in admin.get(address).content.decode()


def test_admin_adds_program_as_before(admin):
    fields = {"account_for": "service", "username": "ci", "name": "CI"}
    answer = admin.post(reverse("admin:accounts_user_add"), fields)
    ci = User.objects.get(username="ci")
    assert ci.is_service
    assert answer.url == reverse("admin:accounts_user_token", args=[ci.pk])
    assert admin.get(reverse("admin:accounts_user_reset_password", args=[ci.pk])).status_code == 404


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"account_for": "person", "username": "ROOT", "name": "Root"}, "That username is already taken."),
        ({"account_for": "agent", "username": "scribe", "name": "Scribe"}, "Select a valid choice."),
        ({"account_for": "person", "username": "ana maria", "name": "Ana"}, "Enter a valid username."),
        ({"account_for": "person", "username": "ana", "name": " \u202e "}, "This has an invisible character"),
    ],
)
def test_admin_says_at_the_field_what_is_wrong(admin, fields, sentence):
    answer = admin.post(reverse("admin:accounts_user_add"), fields)
    assert answer.status_code == 200
    assert sentence in answer.content.decode()
    assert User.objects.count() == 1


def test_admin_offers_reset_where_it_is_possible(admin, root, ana):
    def page(user: User) -> str:
        return admin.get(reverse("admin:accounts_user_change", args=[user.pk])).content.decode()

    assert "Set a password" in page(ana)
    people.reset_password(ana, by=root)
    assert "Reset password" in page(ana)
    assert "/reset-password/" not in page(root)
    site_roles.close(ana, by=root)
    assert "/reset-password/" not in page(ana)


def test_admin_says_when_passwords_are_switched_off(settings, admin, root, ana):
    settings.LOCAL_SIGN_IN = False
    Identity.objects.create(issuer="https://auth.example/", sub="1", user=ana)
    address = reverse("admin:accounts_user_reset_password", args=[ana.pk])
    assert "switched off here (LOCAL_SIGN_IN)" in admin.post(address).content.decode()
