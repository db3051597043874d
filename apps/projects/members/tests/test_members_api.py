"""A project's members, for programs."""

import pytest

from apps.accounts.tests.programs import Program
from apps.projects.models import Membership, Role
from apps.projects.tests.factories import MembershipFactory, ProjectFactory

pytestmark = pytest.mark.django_db
PATH = "projects/TIDE/members/"


class Programs(Program):
    def delete(self, path: str):
        return self.client.delete(f"/api/v1/{path}")


def test_members_are_listed_in_pages(people):
    answer = Programs(people["viewer"].user).get(f"{PATH}?limit=2").json()
    assert [member["role"] for member in answer["results"]] == ["owner", "maintainer"]
    assert answer["next"]


def test_a_member_is_added_changed_and_removed(people, cy):
    program = Programs(people["maintainer"].user)
    added = program.post(PATH, {"who": "cy"})
    assert (added.status_code, added.json()) == (
        201,
        {"id": cy.pk, "name": "Cy Outside", "kind": "person", "is_practice": False, "role": "member"},
    )
    assert program.patch(f"{PATH}{cy.pk}/", {"role": "commenter"}).json()["role"] == "commenter"
    assert program.delete(f"{PATH}{cy.pk}/").status_code == 204
    assert program.delete(f"{PATH}{cy.pk}/").status_code == 404
    assert not Membership.objects.filter(user=cy).exists()


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"who": "nobody"}, 400, "nobody_called_that"),
        ({"who": "viewer"}, 409, "already_a_member"),
        ({"who": "cy", "role": "owner"}, 403, "not_allowed"),
        ({"who": "cy", "role": "emperor"}, 400, "invalid"),
        ({}, 400, "invalid"),
    ],
)
def test_what_is_refused_says_why(people, cy, body, status, code):
    answer = Programs(people["maintainer"].user).post(PATH, body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


@pytest.mark.req("Z7")
def test_roles_above_ones_own_and_the_last_owner_are_safe(people):
    owner = people["owner"].user
    maintainer = Programs(people["maintainer"].user)
    assert maintainer.patch(f"{PATH}{owner.pk}/", {"role": "viewer"}).status_code == 403
    assert maintainer.delete(f"{PATH}{owner.pk}/").status_code == 403
    assert maintainer.patch(f"{PATH}{people['maintainer'].user_id}/", {"role": "owner"}).status_code == 403
    last = Programs(owner)
    for answer in (last.patch(f"{PATH}{owner.pk}/", {"role": "viewer"}), last.delete(f"{PATH}{owner.pk}/")):
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")


def test_a_viewer_may_leave_and_remove_nobody(people):
    viewer = people["viewer"].user
    program = Programs(viewer)
    assert program.delete(f"{PATH}{people['member'].user_id}/").status_code == 403
    assert program.delete(f"{PATH}{viewer.pk}/").status_code == 204


@pytest.mark.req("Z3")
def test_nothing_but_the_role_is_taken_from_a_body(people, cy):
    other, member = ProjectFactory(), people["member"]
    body = {"role": "viewer", "project": other.pk, "user": cy.pk, "id": cy.pk, "user_id": cy.pk, "project_id": other.pk}
    Programs(people["owner"].user).patch(f"{PATH}{member.user_id}/", body)
    after = Membership.objects.get(pk=member.pk)
    assert (after.project_id, after.user_id, after.role) == (member.project_id, member.user_id, Role.VIEWER)


@pytest.mark.req("Z3")
def test_another_projects_member_is_reached_from_neither_end(people):
    elsewhere = MembershipFactory(role=Role.MEMBER)
    program = Programs(people["owner"].user)
    for path in (f"{PATH}{elsewhere.user_id}/", f"projects/{elsewhere.project.key}/members/{elsewhere.user_id}/"):
        assert program.patch(path, {"role": "viewer"}).status_code == 404
        assert program.delete(path).status_code == 404
    assert program.post(f"projects/{elsewhere.project.key}/members/", {"who": "owner"}).status_code == 404
    elsewhere.refresh_from_db()
    assert elsewhere.role == Role.MEMBER
