"""The audit as owners and administrators read it and take it along."""

import csv
import io

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts import audit
from apps.accounts.audit import queries
from apps.accounts.models import AuditEntry
from apps.projects.members import memberships
from apps.projects.tests.factories import MembershipFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("T1")]
PAGE, EXPORT = "/projects/TIDE/audit/", "/projects/TIDE/audit.csv"


def as_(user) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def owner(people) -> Client:
    return as_(people["owner"].user)


def rows(answer) -> list[dict]:
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode())))


def test_owners_read_what_happened_in_their_project_alone(owner, people, tide, ben):
    memberships.invite(tide, ben, role="member", by=people["owner"].user)
    elsewhere = MembershipFactory().project
    memberships.join(elsewhere, UserFactory(name="Elsewhere"), by=None)
    page = owner.get(PAGE).content.decode()
    assert "<b><bdi>Owner</bdi></b> added a member." in page
    assert "Ben" in page
    assert "Elsewhere" not in page


@pytest.mark.parametrize("role", ["maintainer", "member", "commenter", "viewer"])
def test_nobody_else_in_it_does(people, role):
    assert as_(people[role].user).get(PAGE).status_code == 403
    assert as_(people[role].user).get(EXPORT).status_code == 403


def test_it_is_filtered_and_paged(owner, people, tide, monkeypatch):
    monkeypatch.setattr(queries, "PAGE", 2)
    for number in range(5):
        audit.record("run.queued", by=people["member"].user, project_id=tide.pk, number=number)
    audit.record("run.closed", by=None, project_id=tide.pk)
    asked = f"{PAGE}?action=run.queued&who=memb&since=2020-01-01&until=2999-01-01"
    numbers, before = [], ""
    while True:
        answer = owner.get(f"{asked}&before={before}")
        numbers += [row["entry"].facts["number"] for row in answer.context["rows"]]
        before = answer.context["before"]
        if not before:
            break
    assert numbers == [4, 3, 2, 1, 0]
    assert owner.get(f"{PAGE}?since=2999-01-01").context["rows"] == []


@pytest.mark.parametrize("query", ["since=never", "action=none", "before=-1", "before=x"])
def test_what_makes_no_sense_is_said(owner, query):
    assert owner.get(f"{PAGE}?{query}").status_code == 422
    assert owner.get(f"{EXPORT}?{query}").status_code == 422


def test_the_page_costs_the_same_for_many(owner, tide, django_assert_max_num_queries):
    for number in range(120):
        audit.record("run.queued", by=None, project_id=tide.pk, number=number)
    with django_assert_max_num_queries(5):  # one is what the tabs say is unread
        owner.get(PAGE)


@pytest.mark.req("X4")
@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_spreadsheet_calculates_a_cell(owner, tide, start):
    evil = f"{start}HYPERLINK('http://evil')"
    AuditEntry.objects.create(action="run.queued", who=evil, project_id=tide.pk)
    assert [row["who"] for row in rows(owner.get(EXPORT))] == [f"'{evil}"]


def test_an_export_is_what_the_filter_shows_and_is_told_of(owner, people, tide):
    audit.record("run.queued", by=None, project_id=tide.pk, text='two\nlines, "quotes"')
    audit.record("run.closed", by=None, project_id=tide.pk)
    answer = owner.get(f"{EXPORT}?action=run.queued")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit.csv"'
    assert [(row["action"], row["facts"]) for row in rows(answer)] == [
        ("run.queued", '{"text": "two lines, \\"quotes\\""}')
    ]
    exported = AuditEntry.objects.get(action="audit.exported")
    assert (exported.who, exported.project_id) == ("Owner", tide.pk)


def test_six_exports_an_hour(owner):
    assert [owner.get(EXPORT).status_code for _ in range(7)] == [200] * 6 + [429]


def test_administrators_read_and_export_all_of_it(tide):
    root = UserFactory(name="Root", is_staff=True, is_superuser=True)
    client = as_(root)
    entry = audit.record("run.queued", by=None, project_id=tide.pk)
    address = reverse("admin:accounts_auditentry_changelist")
    assert "asked for a run" in client.get(f"{address}?action=run.queued&q=").content.decode()
    assert client.get(reverse("admin:accounts_auditentry_change", args=[entry.pk])).status_code == 200
    assert client.get(reverse("admin:accounts_auditentry_add")).status_code == 403
    answer = client.post(address, {"action": "export", "_selected_action": [entry.pk]})
    assert [row["id"] for row in rows(answer)] == [str(entry.pk)]
