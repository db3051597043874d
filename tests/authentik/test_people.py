"""Who somebody is here, by what the provider says: identity, names, groups."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from apps.accounts.models import Identity, User
from apps.accounts.oidc.errors import SignInRefused
from apps.accounts.oidc.identities import provision
from apps.accounts.users import site_roles
from apps.projects.models import GroupGrant, Membership, Role
from apps.projects.tests.factories import ProjectFactory
from tests.authentik.test_sign_in import refusal_in


@pytest.fixture
def olga(db) -> User:
    return User.objects.create_superuser("root", email="root@example.test", name="Olga", password="a" * 20)


@pytest.mark.req("L14", "L22", "A1")
def test_an_e_mail_address_takes_no_account_over(person, olga):
    mallory = person("mallory")
    mallory.sign_in()
    assert mallory.user_id != str(olga.pk)
    assert not User.objects.get(pk=mallory.user_id).is_superuser
    assert not olga.identities.exists()
    olga.refresh_from_db()
    assert olga.is_superuser
    assert olga.name == "Olga"


@pytest.mark.req("L14", "L17")
def test_not_even_a_verified_one_links(person, provider, olga):
    User.objects.filter(pk=olga.pk).update(email="vera@example.test")
    vera = person("vera")
    vera.sign_in()
    assert vera.user_id != str(olga.pk)
    assert Identity.objects.get().is_email_verified
    provider.change("vera", email_verified="true")
    vera.client.logout()
    vera.sign_in()
    assert not Identity.objects.get().is_email_verified  # exactly true, or not


@pytest.mark.req("L13", "L17")
def test_a_new_name_and_address_keep_the_account(person, provider):
    max_ = person()
    max_.sign_in()
    first = max_.user_id
    provider.rename("max", "MAXIMILIAN")
    provider.change("MAXIMILIAN", name="Maximilian", email="new@example.test", password="MAXIMILIAN-password")
    again = person("MAXIMILIAN")
    again.sign_in()
    assert again.user_id == first
    user = User.objects.get(pk=first)
    assert (user.username, user.name, user.email) == ("max", "Maximilian", "new@example.test")
    assert not user.has_usable_password()


@pytest.mark.req("L16")
def test_a_username_that_is_taken_gets_a_number(person, provider):
    for taken in ("Max", "max-2"):
        User.objects.create_user(taken, name="Another")
    max_ = person()
    max_.sign_in()
    assert User.objects.get(pk=max_.user_id).username == "max-3"
    zoe = person("zoë")
    zoe.sign_in()
    assert User.objects.get(pk=zoe.user_id).username == "zoë"


@pytest.mark.req("L16")
@pytest.mark.parametrize(
    ("told", "username"),
    [("a" * 200, "a" * 150), ("<b>&", "b"), ("", "person"), (None, "person"), (7, "person"), ("a\u202eb c", "ab-c")],
)
def test_any_username_becomes_one(provider, told, username):
    claims = {"sub": "1", "preferred_username": told, "groups": ["teamboard-users"]}
    assert provision.provision(claims).username == username


@pytest.mark.req("L18")
@pytest.mark.django_db(transaction=True)
def test_twenty_first_sign_ins_at_once_make_one_person(provider):
    claims = {"sub": "1", "preferred_username": "max", "name": "Max", "groups": ["teamboard-users"]}

    def come(_: int) -> int:
        try:
            return provision.provision(claims).pk
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        people = set(pool.map(come, range(20)))
    assert len(people) == User.objects.count() == Identity.objects.count() == 1


@pytest.mark.req("L19")
def test_a_closed_account_stays_closed(person):
    max_ = person()
    max_.sign_in()
    site_roles.close(User.objects.get(pk=max_.user_id), by=None)
    again = person()
    assert refusal_in(again.sign_in()) == "account_closed"
    assert not User.objects.get().is_active


@pytest.mark.req("L20")
@pytest.mark.parametrize(
    ("groups", "code", "word"),
    [
        ([], "group_required", "does not name the group"),
        (["Teamboard-Users"], "group_required", "does not name the group"),
        ("teamboard-users", "groups_missing_claim", "There is no claim"),
        (None, "groups_missing_claim", "There is no claim"),
    ],
)
def test_who_is_not_in_the_group_stays_out(person, provider, log_lines, groups, code, word):
    provider.change("guest", extra_claims={"groups": groups})
    assert refusal_in(person("guest").sign_in()) == code
    assert word in log_lines()
    assert not User.objects.exists()


@pytest.mark.req("L20", "L23")
def test_the_claim_and_the_group_are_settings(person, provider, settings):
    settings.AUTHENTIK_GROUPS_CLAIM, settings.AUTHENTIK_USERS_GROUP = "entitlements", "admin"
    settings.AUTHENTIK_ADMINS_GROUP = "admin"
    settings.AUTHENTIK_SCOPES = "openid profile email entitlements"
    ada = person("ada")
    assert ada.sign_in().url == "/projects/"
    assert User.objects.get(pk=ada.user_id).is_superuser
    assert refusal_in(person().sign_in()) == "group_required"
    settings.AUTHENTIK_USERS_GROUP = ""
    assert person().sign_in().url == "/projects/"


@pytest.mark.req("L21", "L41")
def test_the_administrators_group_gives_and_takes(person, provider, olga):
    max_ = person()
    max_.sign_in()
    assert not User.objects.get(pk=max_.user_id).is_superuser  # the first to come is no administrator for that
    for groups, is_admin in ((["teamboard-users", "teamboard-admins"], True), (["teamboard-users"], False)):
        provider.change("max", groups=groups)
        other = person()
        other.sign_in()
        user = User.objects.get(pk=other.user_id)
        assert (user.is_staff, user.is_superuser) == (is_admin, is_admin)
        assert max_.client.get("/admin/").status_code == (200 if is_admin else 302)  # the older session as well


@pytest.mark.req("L22")
def test_the_last_administrator_stays_one(person, provider):
    ada = person("ada")
    ada.sign_in()
    provider.change("ada", groups=["teamboard-users"])
    again = person("ada")
    assert again.sign_in().url == "/projects/"
    assert User.objects.get(pk=again.user_id).is_superuser


@pytest.mark.req("L22")
def test_who_has_a_password_here_is_ruled_here(person, provider, olga):
    provision.link(olga, {"sub": provider.sub("max")})
    max_ = person()
    max_.sign_in()
    assert max_.user_id == str(olga.pk)
    assert User.objects.get(pk=olga.pk).is_superuser


@pytest.mark.req("L24")
def test_groups_give_roles_at_each_sign_in(person, provider):
    project = ProjectFactory()
    GroupGrant.objects.create(project=project, group="teamboard-users", role=Role.COMMENTER)
    max_ = person()
    max_.sign_in()
    assert Membership.objects.get(project=project, user=max_.user_id).role == Role.COMMENTER
    GroupGrant.objects.all().delete()
    person().sign_in()
    assert not Membership.objects.filter(project=project, user=max_.user_id).exists()


def test_what_cannot_be_kept_is_left_out(person, provider):
    odd = {"groups": ["teamboard-users", "a\0b", 7, None], "name": "Max\0\u202eimum", "acr": "\0", "x\0y": 1}
    provider.change("max", extra_claims=odd, email="m\0ax@example.test")
    max_ = person()
    assert max_.sign_in().url == "/projects/"
    user = User.objects.get(pk=max_.user_id)
    assert (user.name, user.email) == ("Maximum", "max@example.test")


@pytest.mark.req("L38")
def test_nobody_new_gets_in_when_the_board_makes_nobody(person, settings):
    settings.AUTHENTIK_CREATE_PEOPLE = False
    assert refusal_in(person().sign_in()) == "not_known"
    assert not User.objects.exists()


@pytest.mark.req("L14")
def test_somebody_links_their_account_who_knows_its_password(person, olga):
    max_ = person()
    max_.client.force_login(olga)
    assert max_.client.post("/oidc/link/", {"password": "wrong"}).status_code == 422
    url = max_.client.post("/oidc/link/", {"password": "a" * 20}).url
    assert max_.client.get(max_.pass_through(url)).url == "/accounts/profile/"
    assert olga.identities.count() == 1
    other = person()
    other.sign_in()
    assert other.user_id == str(olga.pk)


@pytest.mark.req("L14")
def test_an_identity_that_has_an_account_is_not_linked_to_another(person, olga):
    person().sign_in()
    max_ = person()
    max_.client.force_login(olga)
    url = max_.client.post("/oidc/link/", {"password": "a" * 20}).url
    assert max_.client.get(max_.pass_through(url)).url == "/accounts/profile/"
    assert not olga.identities.exists()
    assert max_.user_id == str(olga.pk)


@pytest.mark.req("L17")
def test_the_name_is_the_providers(person):
    max_ = person()
    max_.sign_in()
    page = max_.client.get("/accounts/profile/").content.decode()
    assert "max@example.test" in page
    max_.client.post("/accounts/preferences/", {"name": "Somebody", "density": "roomy"})
    user = User.objects.get(pk=max_.user_id)
    assert (user.name, user.density) == ("Max Member", "roomy")


@pytest.mark.req("L38")
def test_an_identity_never_opens_a_service_account(person, db):
    ci = User.objects.create_service_account(username="ci", name="CI")
    max_ = person()
    max_.sign_in()
    Identity.objects.filter(user_id=max_.user_id).update(user=ci)
    again = person()
    assert refusal_in(again.sign_in()) == "not_known"
    assert again.user_id is None
    with pytest.raises(SignInRefused):
        provision.link(ci, {"sub": "another"})
    assert ci.identities.count() == 1
