"""An invitation's link lets in who has it: what is refused at it is written down without it."""

import pytest
from django.test import Client

from apps.accounts.models import AuditEntry
from apps.projects.members import invitations
from apps.projects.models import Role
from teamboard.observability.log_format import FactsFormatter

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-4")]


@pytest.fixture
def token(tide, people) -> str:
    _made, link = invitations.create(tide, role=Role.COMMENTER, by=people["owner"].user)
    return link.split("/")[-2]


@pytest.mark.parametrize(
    ("refused", "status"),
    [
        (lambda path: Client().post(path, {"username": "nina"}), 422),
        (lambda path: Client().put(path), 405),
        (lambda path: Client().post(f"{path}more/"), 404),
        (lambda path: Client(enforce_csrf_checks=True).post(path), 403),
        (lambda path: Client(enforce_csrf_checks=True).post(path, headers={"Origin": "https://x.example"}), 403),
        (lambda path: Client(enforce_csrf_checks=True).post(path, secure=True, headers={"Referer": path}), 403),
        (lambda path: Client(enforce_csrf_checks=True).post(path, headers={"Accept": "application/json"}), 403),
        (lambda path: Client().get(f"{path}\0"), 400),
        (lambda path: Client().get(f"/projects/TIDE/?next={path}%00"), 400),
    ],
)
def test_link_is_not_written_down(token, caplog, refused, status):
    assert refused(f"/join/{token}/").status_code == status
    lines = "\n".join(map(FactsFormatter().format, caplog.records))
    assert lines
    assert token not in lines
    entries = [str(entry) for entry in AuditEntry.objects.values()]
    assert not [entry for entry in entries if token in entry]


def test_audit_says_at_what_kind_of_link(token):
    Client(enforce_csrf_checks=True).post(f"/join/{token}/")
    assert AuditEntry.objects.get(action="access.denied").facts["path"] == "/join/…/"
