"""From the person to the change: one chain for every run."""

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.audit import trail
from apps.accounts.models import AuditEntry
from apps.agents.models import Agent, Gateway, Run
from apps.agents.runs import lifecycle
from apps.agents.runs.actions.cancel import cancel
from apps.agents.runs.actions.review import accept
from apps.agents.runs.callbacks.tests.test_results import post, report
from apps.agents.tests.factories import GatewayFactory, run_of
from apps.projects.tests.factories import UserFactory
from apps.tasks.actions.move import move

pytestmark = pytest.mark.django_db


def chain(run: Run) -> list[tuple[str, str, str]]:
    """What one query tells: who, what, and who had asked for it."""
    return list(AuditEntry.objects.of_run(run.pk).values_list("action", "who", "asked_by"))


@pytest.mark.req("T2")
def test_audit_leads_from_each_change_to_a_person(scribe, ana, ben, gateway, django_assert_num_queries):
    run = run_of(scribe, ana)
    run.refresh_from_db()
    assert post(report(run, "run.accepted")).status_code == 200
    assert post(report(run)).status_code == 200
    run.refresh_from_db()
    accept(run, by=ben)
    with django_assert_num_queries(1):
        told = chain(run)
    assert told == [
        ("run.queued", "Ana", "Ana"),
        ("run.handed_over", "", "Ana"),
        ("callback.received", "Scribe", "Ana"),
        ("run.started", "Scribe", "Ana"),
        ("task.moved", "Scribe", "Ana"),
        ("callback.received", "Scribe", "Ana"),
        ("run.closed", "Scribe", "Ana"),
        ("comment.created", "Scribe", "Ana"),
        ("task.moved", "Scribe", "Ana"),
        ("run.accepted", "Ben", "Ana"),
    ]
    received = AuditEntry.objects.filter(action="callback.received").latest("pk")
    assert (received.facts["kind"], received.project_id) == ("run.finished", run.task.project_id)


@pytest.mark.req("T1")
def test_audit_holds_late_and_refused_reports(scribe, ana, gateway, monkeypatch):
    monkeypatch.setattr(trail, "REFUSALS_PER_MINUTE", 1000)  # all the tests of a minute come from one address
    run = run_of(scribe, ana)
    cancel(run, by=ana)
    post(report(run))
    assert chain(run)[-2:] == [("callback.received", "Scribe", "Ana"), ("callback.without_effect", "", "Ana")]
    post(report(run), secret="forged")
    refused = AuditEntry.objects.get(action="callback.refused")
    assert (refused.facts["status"], refused.address, refused.run) == (401, "127.0.0.1", None)


def test_audit_leaves_moves_of_people_to_the_activity(scribe, ana, columns, gateway):
    run = run_of(scribe, ana)
    run.refresh_from_db()
    lifecycle.begin(run)
    run.task.refresh_from_db()
    move(run.task, to=columns["done"], by=ana)
    assert set(AuditEntry.objects.filter(action="task.moved").values_list("who", flat=True)) == {"Scribe"}


@pytest.mark.req("T1")
def test_audit_names_the_fields_administrators_change(board):
    root = UserFactory(name="Root", is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(root)
    fields = {"name": "Ours", "url": "http://127.0.0.1:1", "hooks": "agent", "is_enabled": "on"}
    secrets = {"hook_token": "s3cret-hook", "gateway_token": "s3cret-gateway", "callback_secret": "s3cret-back"}
    client.post(reverse("admin:agents_gateway_add"), fields | secrets)
    gateway = Gateway.objects.get()
    client.post(reverse("admin:agents_gateway_change", args=[gateway.pk]), fields | {"hook_token": "s3cret-new"})
    body = {"name": "Scribe", "slug": "scribe", "gateway": gateway.pk}
    assert client.post("/api/v1/agents/", body, "application/json").status_code == 201
    agent = Agent.objects.get()
    client.patch(f"/api/v1/agents/{agent.pk}/", {"max_concurrent": 3}, "application/json")
    told = dict(AuditEntry.objects.filter(who="Root").exclude(action="session.begun").values_list("action", "facts"))
    assert told["gateway.added"] == {"name": "Ours"}
    assert told["gateway.changed"] == {"name": "Ours", "fields": ["Hook token"]}
    assert told["agent.added"]["slug"] == "scribe"
    assert told["agent.changed"]["fields"] == ["max_concurrent"]
    assert "s3cret" not in str(told)


@pytest.mark.req("T1")
def test_audit_holds_a_deleted_gateway(board):
    client = Client()
    client.force_login(UserFactory(name="Root", is_staff=True, is_superuser=True))
    gateway = GatewayFactory(name="Ours")
    client.post(reverse("admin:agents_gateway_delete", args=[gateway.pk]), {"post": "yes"})
    assert AuditEntry.objects.get(action="gateway.deleted").facts == {"name": "Ours"}
