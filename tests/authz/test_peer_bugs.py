"""What bit boards and forges in 2024–2026, each as a test of its own: what it was there, and that it is not here.

Nothing stands here for attachments, Git, webhooks and link previews, which this product does not have yet;
header trust is in teamboard/web/tests/test_hardening.py, guessing in
apps/accounts/login/tests/test_rate_limits.py, what may be called out to in apps/tests/test_outbound.py.
"""

import ast
import base64
import json
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from apps.accounts.models import ApiToken, User
from apps.accounts.tests.programs import Program
from apps.accounts.tokens import tokens
from apps.agents.models import CallbackReport, Run
from apps.projects.models import Membership, Role
from apps.projects.tests.factories import MembershipFactory
from apps.tasks.models import Task
from tests.authz.cast import SigningClient, World, carrying, member_of, session, token_of
from tests.authz.test_matrix import foreign, own  # noqa: F401

pytestmark = pytest.mark.django_db
JSON = "application/json"


@pytest.mark.req("Z4")
def test_plane_both_ends_are_authorized(own, foreign):  # noqa: F811
    """CVE-2026-46558: copying an asset asked about one of the two workspaces only.

    Moving, handing over and sub-tasks have two ends here; somebody who may write in one project and only
    look at the other gets nothing across, in either direction.
    """
    both = member_of(own.project, Role.MEMBER)
    MembershipFactory(project=foreign.project, user=both, role=Role.VIEWER)
    program = Program(both)
    tries = [
        program.post(f"tasks/{own.task.pk}/move/", {"to": foreign.column.pk}),
        program.post(f"tasks/{foreign.task.pk}/move/", {"to": own.column.pk}),
        program.post("projects/OWN/tasks/", {"title": "x", "parent": foreign.task.pk}),
        program.post("projects/OWN/tasks/", {"title": "x", "column": foreign.column.pk}),
        program.post("projects/OWN/tasks/", {"title": "x", "labels": [foreign.label.pk]}),
        program.post(f"agents/{own.agent.pk}/assign/", {"task_id": foreign.task.pk}),
        program.post(f"agents/{foreign.agent.pk}/assign/", {"task_id": own.task.pk}),
    ]
    assert [answer.status_code for answer in tries] == [400, 403, 400, 400, 400, 403, 400]
    assert Task.objects.count() == 2
    assert Run.objects.count() == 2


@pytest.mark.req("Z3")
def test_openproject_a_right_in_one_project_is_none_in_another(own, foreign):  # noqa: F811
    """CVE-2026-40896, CVE-2026-27723: a permission held in any project was enough, ids being sequential."""
    browser = session(foreign.owner)
    for address in (
        f"/projects/OTHER/tasks/{own.task.number}/edit/",
        f"/projects/OTHER/tasks/{own.task.number}/comment/",
        f"/projects/OTHER/members/{own.person.pk}/remove/",
        f"/projects/OTHER/columns/{own.column.pk}/",
        f"/runs/{own.run.pk}/accept/",
    ):
        assert browser.post(address, {"title": "x", "text": "x"}).status_code in (404, 405), address
    program = Program(foreign.owner)
    for path in (f"tasks/{own.task.pk}/", f"projects/OTHER/members/{own.person.pk}/"):
        assert program.patch(path, {"title": "x", "role": "viewer"}).status_code == 404, path


@pytest.mark.req("Z3")
def test_openproject_a_task_is_not_moved_by_naming_another_project(own, foreign):  # noqa: F811
    """CVE-2026-44732, and Mattermost's CVE-2026-4286: `project_id`, `team_id` in an update were assigned first."""
    both = MembershipFactory(project=foreign.project, user=own.owner, role=Role.OWNER).user
    for name in ("project", "project_id", "team_id", "column", "parent"):
        Program(both).patch(f"tasks/{own.task.pk}/", {"title": "x", name: foreign.project.pk})
    own.task.refresh_from_db()
    assert (own.task.project, own.task.column.project, own.task.parent) == (own.project, own.project, None)


@pytest.mark.req("Z1")
def test_vikunja_each_method_is_guarded_by_its_own_right(own):  # noqa: F811
    """CVE-2026-33312: DELETE asked for the right to read. Here a viewer who may GET may do nothing else."""
    viewer = session(member_of(own.project, Role.VIEWER))
    for path in (f"tasks/{own.task.pk}/", f"projects/OWN/members/{own.person.pk}/"):
        for method in ("POST", "PUT", "PATCH", "DELETE"):
            body = json.dumps({"title": "x", "role": "owner"})
            assert viewer.generic(method, f"/api/v1/{path}", body, JSON).status_code in (403, 405), (method, path)
    assert Membership.objects.filter(user=own.person, role=Role.MEMBER).exists()


@pytest.mark.req("A6")
def test_vikunja_a_scope_is_of_methods_not_of_paths(own):  # noqa: F811
    """CVE-2026-40103: a token's scope was matched with the path alone."""
    reader = Program(own.owner, "read")
    path = f"tasks/{own.task.pk}/"
    assert reader.get(path).status_code == 200
    assert reader.patch(path, {"title": "x"}).status_code == 403
    assert reader.get(path, headers={"X-HTTP-Method-Override": "PATCH"}).json()["title"] == own.task.title


@pytest.mark.req("A6")
@pytest.mark.parametrize("name_it", [lambda user, text: (user, text), lambda user, text: (text, "x-oauth-basic")])
def test_gitea_a_token_by_basic_is_no_way_around_its_scope(own, name_it):  # noqa: F811
    """CVE-2026-28699: the same token skipped its scopes when it was sent as Basic."""
    _token, text = token_of(own.owner, "read")
    pair = ":".join(name_it(own.owner.username, text)).encode()
    program = carrying(Authorization=f"Basic {base64.b64encode(pair).decode()}")
    address = f"/api/v1/tasks/{own.task.pk}/"
    assert program.get(address).status_code == 401
    assert program.patch(address, {"title": "x"}, JSON).status_code == 401


@pytest.mark.req("A6")
def test_gitea_a_token_does_not_make_tokens_or_touch_its_own_person(own):  # noqa: F811
    """CVE-2026-24791: routes about oneself ignored what a token was restricted to."""
    program = carrying(Authorization=f"Bearer {token_of(own.owner, 'write')[1]}")
    before = ApiToken.objects.count()
    for name in ("create-token", "password", "preferences", "profile"):
        answer = program.post(reverse(f"accounts:{name}"), {"name": "x", "scope": "write", "expires_in": "30"})
        assert answer.status_code in (302, 405), name
        assert "_auth_user_id" not in program.session
    assert ApiToken.objects.count() == before


@pytest.mark.req("A6")
def test_vikunja_a_revoked_right_is_gone_with_the_next_request(own, settings):  # noqa: F811
    """CVE-2026-35594: a token that carried its claims worked for 72 hours after they were taken back."""
    settings.API_FAILURES_PER_MINUTE = 10**6  # the matrix, which may run beside it, guesses very much
    program, browser = Program(own.person), session(own.person)
    address = f"projects/{own.project.key}/"
    assert program.get(address).status_code == browser.get(f"/{address}").status_code == 200
    Membership.objects.filter(user=own.person).delete()
    assert program.get(address).status_code == browser.get(f"/{address}").status_code == 404
    assert program.get("projects/").json()["results"] == []
    tokens.revoke(own.person.tokens.get(), by=own.person)
    assert program.get("projects/").status_code == 401
    User.objects.filter(pk=own.person.pk).update(is_active=False)
    assert browser.get("/projects/").status_code == 302


@pytest.mark.req("A7")
def test_vikunja_a_token_is_shown_once_and_dead_when_revoked(own):  # noqa: F811
    """CVE-2026-28268: a reset token could be used for ever. There are none here; what is shown once is a token."""
    browser = session(own.person)
    fields = {"name": "once", "scope": "read", "expires_in": "30"}
    shown = browser.post(reverse("accounts:create-token"), fields)
    text = shown.context["fresh_text"]
    assert text in shown.content.decode()
    assert text not in browser.get(reverse("accounts:profile")).content.decode()
    program = carrying(Authorization=f"Bearer {text}")
    assert program.get("/api/v1/projects/").status_code == 200
    revoke = reverse("accounts:revoke-token", args=[own.person.tokens.get().pk])
    browser.post(revoke)
    assert program.get("/api/v1/projects/").status_code == 401


@pytest.mark.req("A8")
@pytest.mark.parametrize(
    "asked", ["//evil.example", "/\\evil.example", "/%5cevil.example/..//evil", "\\/evil", "/\n/evil"]
)
def test_kanboard_nobody_is_sent_elsewhere_after_signing_in(own, asked):  # noqa: F811
    """CVE-2026-21879: `//evil` passed as a path."""
    password = "correct horse battery staple"
    own.owner.set_password(password)
    own.owner.save()
    fields = {"username": own.owner.username, "password": password, "next": asked}
    sent_to = Client().post(reverse("accounts:sign-in"), fields).url
    assert sent_to.startswith("/")
    assert not sent_to.startswith(("//", "/\\"))


@pytest.mark.req("C1", "C7", "Z3")
@pytest.mark.parametrize("says", ["its id", "its session"])
def test_a_gateway_reports_only_on_runs_of_its_own_agents(own, foreign, says):  # noqa: F811
    """What an agent holds can do no more than report on its own run: signed right, another project's is ignored."""
    for ours, theirs in ((own, foreign), (foreign, own)):
        Run.objects.filter(pk=theirs.run.pk).update(status=Run.Status.RUNNING, ended_at=None)
        about = {
            "its id": {"teamboardRunId": str(theirs.run.pk), "sessionKey": theirs.run.gateway_session_key},
            "its session": {"sessionKey": theirs.run.gateway_session_key},
        }
        report = {
            "id": f"{says} {theirs.run.pk}",
            "event": "run.finished",
            "status": "ok",
            "text": "taken",
            **about[says],
        }
        answer = report_by(ours, report)
        assert (answer.status_code, answer.json()) == (200, {"outcome": "ignored"})
        theirs.run.refresh_from_db()
        assert (theirs.run.status, "taken" in theirs.run.result) == (Run.Status.RUNNING, False)
        assert CallbackReport.objects.get(event_id=report["id"]).run is None


def report_by(there: World, report: dict):
    gateway = SigningClient(there.agent.gateway.callback_secret)
    return gateway.generic("POST", "/api/v1/agents/callback/", json.dumps(report), JSON)


@pytest.mark.req("C1", "C7")
def test_a_report_about_nothing_looks_like_one_about_another_project(own, foreign):  # noqa: F811
    missing = {"id": "missing", "event": "run.finished", "teamboardRunId": "00000000-0000-4000-8000-000000000000"}
    theirs = {"id": "theirs", "event": "run.finished", "teamboardRunId": str(foreign.run.pk)}
    answers = [report_by(own, report) for report in (missing, theirs)]
    assert answers[0].content == answers[1].content
    assert answers[0].status_code == answers[1].status_code


def test_django_nothing_a_request_says_becomes_the_name_of_a_look_up():
    """CVE-2026-1287, CVE-2026-1312: `**` of what a request holds became aliases and orders in SQL."""
    roots = [Path(settings.BASE_DIR) / name for name in ("apps", "teamboard")]
    unchecked = {"request.data", "request.GET", "request.POST", "request.query_params", "request.headers"}
    paths = [path for root in roots for path in root.rglob("*.py") if "tests" not in path.parts]
    spread = [
        f"{path}:{call.lineno}"
        for path in paths
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg is None and any(name in ast.unparse(keyword.value) for name in unchecked)
    ]
    assert len(paths) > 50
    assert spread == []
