"""Invitation links: one person, once, within 72 hours, while who made them may invite."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.accounts.models import AuditEntry, LoginSession, User
from apps.accounts.tests.programs import Program
from apps.accounts.users import site_roles
from apps.errors import NotAllowed
from apps.projects.members import invitations, memberships
from apps.projects.models import Invitation, Membership, Role
from apps.projects.tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-4")]
PAGE = "/projects/TIDE/members/"
CREATE = "/projects/TIDE/invitations/"
API = "projects/TIDE/invitations/"
NEWCOMER = {"name": "Nina New", "username": "nina", "password": "the quay is wet in the morning"}


class Programs(Program):
    def delete(self, path: str):
        return self.client.delete(f"/api/v1/{path}")


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def role_of(user: User) -> str | None:
    return Membership.objects.filter(user=user).values_list("role", flat=True).first()


@pytest.fixture
def owner(people) -> User:
    return people["owner"].user


@pytest.fixture
def invitation(tide, owner) -> Invitation:
    made, link = invitations.create(tide, role=Role.COMMENTER, by=owner)
    made.path = link.removeprefix("http://127.0.0.1:8000")
    return made


def test_link_is_shown_once_and_only_its_digest_is_kept(tide, owner):
    client = as_(owner)
    shown = client.post(CREATE, {"role": "viewer"})
    link = shown.context["fresh_link"]
    assert shown.status_code == 200
    assert link in shown.content.decode()
    assert shown.headers["Cache-Control"] == "max-age=0, no-cache, no-store, must-revalidate, private"
    kept = str(Invitation.objects.values().get())
    assert link.split("/")[-2] not in kept
    assert link not in client.get(PAGE).content.decode()
    assert Invitation.objects.get().expires_at - timezone.now() > timedelta(hours=71, minutes=59)


def test_newcomer_makes_account_and_is_in_project(invitation, tide, client):
    page = client.get(invitation.path).content.decode()
    assert "<bdi>Owner</bdi> invites you to this project as commenter." in page
    answer = client.post(invitation.path, NEWCOMER)
    assert answer.url == reverse("tasks:board", args=["TIDE"])
    nina = User.objects.get(username="nina")
    assert (role_of(nina), nina.name, nina.is_staff, nina.is_superuser) == (Role.COMMENTER, "Nina New", False, False)
    assert client.get(answer.url).status_code == 200
    signed_in = Client().post("/accounts/sign-in/", {"username": "nina", "password": NEWCOMER["password"]})
    assert signed_in.status_code == 302


def test_who_is_signed_in_joins_with_their_account(invitation, cy):
    client = as_(cy)
    assert "You are signed in as <bdi>Cy Outside</bdi>." in client.get(invitation.path).content.decode()
    assert role_of(cy) is None
    assert client.post(invitation.path, NEWCOMER).url == reverse("tasks:board", args=["TIDE"])
    assert role_of(cy) == Role.COMMENTER
    assert not User.objects.filter(username="nina").exists()


def test_sign_in_leads_back_to_invitation(invitation, client):
    page = client.get(invitation.path).content.decode()
    assert f'href="/accounts/sign-in/?next={invitation.path}"' in page
    UserFactory(username="dora").set_password("x")
    dora = User.objects.get(username="dora")
    dora.set_password(NEWCOMER["password"])
    dora.save()
    credentials = {"username": "dora", "password": NEWCOMER["password"], "next": invitation.path}
    assert client.post("/accounts/sign-in/", credentials).url == invitation.path


@pytest.mark.parametrize("is_new", [True, False])
def test_link_works_once(invitation, cy, is_new):
    first = Client() if is_new else as_(cy)
    assert first.post(invitation.path, NEWCOMER).status_code == 302
    for again in (Client(), as_(UserFactory())):
        for answer in (again.get(invitation.path), again.post(invitation.path, NEWCOMER | {"username": "other"})):
            assert answer.status_code == 410
            assert "This invitation has been used." in answer.content.decode()
    assert not User.objects.filter(username="other").exists()
    assert first.get(invitation.path).url == reverse("tasks:board", args=["TIDE"])


def close(invitation: Invitation, how: str, people: dict[str, Membership]) -> None:
    owner = people["owner"]
    if how == "expired":
        Invitation.objects.update(expires_at=timezone.now())
    elif how == "revoked":
        invitations.revoke(invitation, by=owner.user)
    else:
        MembershipFactory(project=owner.project, role=Role.OWNER)
        if how == "inviter closed":
            site_roles.close(owner.user, by=None)
        elif how == "inviter demoted":
            memberships.set_role(owner, role=Role.MEMBER, by=owner.user)
        else:
            memberships.remove(owner, by=owner.user)


@pytest.mark.parametrize("how", ["expired", "revoked", "inviter closed", "inviter demoted", "inviter left"])
def test_closed_invitation_brings_nobody_in(invitation, people, cy, how):
    close(invitation, how, people)
    for client in (Client(), as_(cy)):
        for answer in (client.get(invitation.path), client.post(invitation.path, NEWCOMER)):
            assert answer.status_code == 410
            assert "Ask <bdi>Owner</bdi> for a new one." in answer.content.decode()
    assert role_of(cy) is None
    assert not User.objects.filter(username="nina").exists()
    with pytest.raises(invitations.InvitationClosed):
        invitations.accept(invitation, by=cy)
    refused = AuditEntry.objects.filter(action="invitation.refused")
    assert {entry.facts["code"] for entry in refused} == {"closed"}


def test_inviter_who_may_no_longer_give_the_role_gives_none(tide, people, cy):
    made, _link = invitations.create(tide, role=Role.OWNER, by=people["owner"].user)
    MembershipFactory(project=tide, role=Role.OWNER)
    memberships.set_role(people["owner"], role=Role.MAINTAINER, by=people["owner"].user)
    with pytest.raises(invitations.InvitationClosed):
        invitations.accept(made, by=cy)


@pytest.mark.parametrize("token", ["x", "A" * 43, "ключ"])
def test_unknown_link_is_not_found(client, token):
    answer = client.get(reverse("join", args=[token]))
    assert answer.status_code == 404
    assert "There is no such invitation." in answer.content.decode()


def test_member_who_opens_link_goes_to_board_and_leaves_it_open(invitation, people):
    client = as_(people["viewer"].user)
    for answer in (client.get(invitation.path), client.post(invitation.path)):
        assert answer.url == reverse("tasks:board", args=["TIDE"])
    with pytest.raises(memberships.AlreadyAMember):
        invitations.accept(invitation, by=people["viewer"].user)
    assert role_of(people["viewer"].user) == Role.VIEWER
    assert Invitation.objects.open().count() == 1


@pytest.mark.parametrize(
    ("changes", "field", "sentence"),
    [
        ({"username": "Owner"}, "username", "That username is already taken."),
        ({"username": "nina new"}, "username", "Enter a valid username."),
        ({"username": ""}, "username", "This field is required."),
        ({"name": ""}, "name", "This field is required."),
        ({"name": "Nina \u202e"}, "name", "This has an invisible character"),
        ({"password": "short"}, "password", "This password is too short."),
        ({"password": "password" * 200}, "password", "That is too long: 1600 characters, 1000 at most."),
        ({"password": ""}, "password", "This field is required."),
    ],
)
def test_wrong_field_is_named_and_link_stays_open(invitation, owner, client, changes, field, sentence):
    User.objects.filter(pk=owner.pk).update(username="owner")
    answer = client.post(invitation.path, NEWCOMER | changes)
    assert answer.status_code == 422
    assert sentence in " ".join(answer.context["form"].errors[field])
    assert NEWCOMER["password"] not in answer.content.decode()
    assert Invitation.objects.open().count() == 1
    assert not User.objects.filter(username="nina").exists()


def test_account_cannot_take_more_than_the_form_offers(invitation, client):
    more = {"is_staff": "on", "is_superuser": "on", "role": "owner", "kind": "agent", "email": "x@example.org"}
    client.post(invitation.path, NEWCOMER | more)
    nina = User.objects.get(username="nina")
    assert (nina.is_staff, nina.is_superuser, nina.is_person, nina.email) == (False, False, True, "")
    assert role_of(nina) == Role.COMMENTER


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_new", [True, False])
def test_of_many_who_accept_at_once_one_comes_in(invitation, is_new):
    users = [UserFactory() for _ in range(4)]

    def accept(number: int) -> bool:
        mine = Invitation.objects.get(pk=invitation.pk)
        try:
            if is_new:
                invitations.register(mine, **NEWCOMER | {"username": f"nina-{number}"})
            else:
                invitations.accept(mine, by=users[number])
        except invitations.InvitationClosed:
            return False
        finally:
            connection.close()
        return True

    before = Membership.objects.count()
    with ThreadPoolExecutor(4) as pool:
        came = list(pool.map(accept, range(4)))
    assert sorted(came) == [False, False, False, True]
    assert Membership.objects.count() == before + 1
    assert User.objects.filter(username__startswith="nina").count() == int(is_new)


@pytest.mark.django_db(transaction=True)
def test_revoke_and_accept_at_once_do_not_both_happen(invitation, owner, cy):
    def attempt(what) -> bool:
        mine = Invitation.objects.get(pk=invitation.pk)
        try:
            what(mine)
        except invitations.InvitationClosed:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(2) as pool:
        list(
            pool.map(attempt, [lambda mine: invitations.accept(mine, by=cy), lambda m: invitations.revoke(m, by=owner)])
        )
    invitation.refresh_from_db()
    assert bool(invitation.used_at) != bool(invitation.revoked_at)
    assert bool(invitation.used_at) == (role_of(cy) is not None)


@pytest.mark.parametrize("role", ["viewer", "commenter", "member"])
def test_who_manages_nobody_invites_nobody(people, invitation, role):
    user = people[role].user
    client = as_(user)
    assert client.post(CREATE, {"role": "viewer"}).status_code == 403
    assert client.post(reverse("projects:revoke-invitation", args=["TIDE", invitation.pk])).status_code == 403
    page = client.get(PAGE).content.decode()
    assert 'id="invite"' not in page
    assert "/invitations/" not in page
    with pytest.raises(NotAllowed):
        invitations.create(people[role].project, role=Role.VIEWER, by=user)
    with pytest.raises(NotAllowed):
        invitations.revoke(invitation, by=user)


def test_maintainer_neither_invites_owners_nor_revokes_such_links(people, tide):
    made, _link = invitations.create(tide, role=Role.OWNER, by=people["owner"].user)
    client = as_(people["maintainer"].user)
    assert client.post(CREATE, {"role": "owner"}).status_code == 422
    revoke = reverse("projects:revoke-invitation", args=["TIDE", made.pk])
    assert revoke not in client.get(PAGE).content.decode()
    assert client.post(revoke).status_code == 403
    assert Invitation.objects.open().count() == 1


def test_members_page_lists_open_links_and_revokes_them(people, invitation):
    client = as_(people["maintainer"].user)
    revoke = reverse("projects:revoke-invitation", args=["TIDE", invitation.pk])
    assert revoke in client.get(PAGE).content.decode()
    assert client.post(revoke).url == PAGE
    assert revoke not in client.get(PAGE).content.decode()
    invitation.refresh_from_db()
    first = invitation.revoked_at
    client.post(revoke)
    invitation.refresh_from_db()
    assert invitation.revoked_at == first


def test_another_projects_invitation_is_not_reached(people, invitation):
    other = MembershipFactory(role=Role.OWNER)
    elsewhere, _link = invitations.create(other.project, role=Role.VIEWER, by=other.user)
    assert as_(people["owner"].user).post(f"{CREATE}{elsewhere.pk}/revoke/").status_code == 404
    assert Programs(people["owner"].user).delete(f"{API}{elsewhere.pk}/").status_code == 404
    assert Invitation.objects.open().count() == 2


def test_api_creates_lists_and_revokes(people, owner, client):
    program = Programs(people["maintainer"].user)
    made = program.post(API, {"role": "member"})
    assert made.status_code == 201
    body = made.json()
    link = body.pop("link")
    assert program.get(API).json()["results"] == [body]
    assert body["role"] == "member"
    assert client.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 200
    assert program.delete(f"{API}{body['id']}/").status_code == 204
    assert program.delete(f"{API}{body['id']}/").status_code == 404
    assert program.get(API).json()["results"] == []
    assert client.get(link.removeprefix("http://127.0.0.1:8000")).status_code == 410


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [({"role": "owner"}, 403, "not_allowed"), ({"role": "emperor"}, 400, "invalid"), ({"role": None}, 400, "invalid")],
)
def test_api_says_what_is_wrong(people, body, status, code):
    answer = Programs(people["maintainer"].user).post(API, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Invitation.objects.exists()


def test_api_shows_invitations_to_nobody_below(people, invitation):
    for role in ("viewer", "commenter", "member"):
        program = Programs(people[role].user)
        answers = (program.get(API), program.post(API, {}), program.delete(f"{API}{invitation.pk}/"))
        assert [answer.status_code for answer in answers] == [403, 403, 403]


def test_open_links_of_a_project_are_bounded(tide, owner, monkeypatch):
    monkeypatch.setattr(invitations, "MOST_OPEN", 2)
    made = [invitations.create(tide, role=Role.VIEWER, by=owner)[0] for _ in range(2)]
    answer = as_(owner).post(CREATE, {"role": "viewer"})
    assert answer.status_code == 422
    assert "very many open invitations" in answer.content.decode()
    invitations.revoke(made[0], by=owner)
    assert as_(owner).post(CREATE, {"role": "viewer"}).status_code == 200


def test_audit_tells_who_invited_and_who_came(tide, owner, client):
    link = as_(owner).post(CREATE, {"role": "viewer"}).context["fresh_link"]
    client.post(link.removeprefix("http://127.0.0.1:8000"), NEWCOMER)
    made, _link = invitations.create(tide, role=Role.VIEWER, by=owner)
    invitations.revoke(made, by=owner)
    entries = AuditEntry.objects.filter(project_id=tide.pk, action__startswith="invitation.").order_by("pk")
    assert [(entry.action, entry.who) for entry in entries] == [
        ("invitation.created", "Owner"),
        ("invitation.accepted", "Nina New"),
        ("invitation.created", "Owner"),
        ("invitation.revoked", "Owner"),
    ]
    assert entries[1].facts["invited_by"] == "Owner"
    assert AuditEntry.objects.filter(action="member.joined", who="Nina New").exists()
    assert link.split("/")[-2] not in str(list(AuditEntry.objects.values_list("facts", flat=True)))


def test_with_authentik_nobody_makes_an_account_by_link(invitation, client, settings):
    settings.AUTHENTIK_ISSUER = "https://auth.example/application/o/teamboard/"
    settings.AUTHENTIK_CLIENT_ID = settings.AUTHENTIK_CLIENT_SECRET = "x"
    page = client.get(invitation.path).content.decode()
    assert "Sign in to join" in page
    assert 'name="password"' not in page
    assert client.post(invitation.path, NEWCOMER).url == f"/accounts/sign-in/?next={invitation.path}"
    assert not User.objects.filter(username="nina").exists()


def test_without_passwords_nobody_makes_an_account_by_link(invitation, client, settings):
    settings.LOCAL_SIGN_IN = False
    assert client.post(invitation.path, NEWCOMER).url == f"/accounts/sign-in/?next={invitation.path}"
    assert not User.objects.filter(username="nina").exists()


def test_newcomer_has_one_session_under_a_new_key(invitation, client):
    client.get(invitation.path)
    client.post(invitation.path, NEWCOMER)
    assert LoginSession.objects.filter(user__username="nina").count() == 1
