"""Where cards go by their pull requests, when a project has it otherwise than usual."""

import pytest

from apps.accounts.models import AuditEntry
from apps.projects.models import Event, Role
from apps.projects.tests.factories import MembershipFactory, RepositoryFactory
from apps.tasks.code import pull_request_rules
from apps.tasks.code.tests.test_automation import category, forge_reports
from apps.tasks.models import Column, PullRequestRule
from apps.tasks.tests.factories import BoardFactory, task_in

pytestmark = pytest.mark.django_db
PAGE = "/projects/TIDE/settings/rules/"
API = "/api/v1/projects/TIDE/pull-request-rules/"
# Each event: how a request comes to it, and where its card goes as usual.
EVENTS = {
    "draft": ({"state": "draft"}, "doing"),
    "open": ({"state": "open"}, "review"),
    "changes": ({"state": "open", "review": "changes"}, "doing"),
    "merged": ({"state": "merged"}, "done"),
    "closed": ({"state": "closed"}, "ready"),
}


@pytest.fixture
def task(columns):
    return task_in(columns["ready"], "Ask for a deposit")


@pytest.fixture
def keeper(board):
    return MembershipFactory(project=board, role=Role.MAINTAINER).user


@pytest.mark.req("GIT-3")
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("rule", ["as usual", "another column", "stays", "another event's"])
def test_rule_decides_where_a_card_goes(board, task, columns, keeper, event, rule):
    told, usual = EVENTS[event]
    other = "merged" if event == "closed" else "closed"
    chosen, goes = {
        "as usual": ({}, usual),
        "another column": ({event: columns["backlog"]}, "backlog"),
        "stays": ({event: None}, "ready"),
        "another event's": ({other: columns["backlog"]}, usual),
    }[rule]
    pull_request_rules.set_rules(board, chosen, by=keeper)
    forge_reports(RepositoryFactory(project=board), title=f"[{task.key}]", **told)
    assert category(task) == goes


@pytest.mark.req("GIT-3")
def test_rule_for_closed_waits_for_last_pull_request(board, task, columns, keeper):
    pull_request_rules.set_rules(board, {"closed": columns["backlog"]}, by=keeper)
    repository = RepositoryFactory(project=board)
    for number in (1, 2):
        forge_reports(repository, number, title=f"[{task.key}]")
    forge_reports(repository, 1, title=f"[{task.key}]", state="closed")
    assert category(task) == "review"
    forge_reports(repository, 2, title=f"[{task.key}]", state="closed")
    assert category(task) == "backlog"


def test_rules_page_is_for_maintainers(client, board, columns, keeper):
    client.force_login(keeper)
    page = client.get(PAGE)
    assert "As usual: Review" in page.text
    assert "As usual: the card stays" in page.text
    answer = client.post(PAGE, {"open": columns["doing"].pk, "merged": "stays"})
    assert answer.status_code == 302
    assert dict(board.pull_request_rules.values_list("event", "column")) == {
        "open": columns["doing"].pk,
        "merged": None,
    }
    assert f'<option value="{columns["doing"].pk}" selected>' in client.get(PAGE).text
    event = Event.objects.get(kind="rules.changed")
    assert event.payload == {"columns": {"open": columns["doing"].name, "merged": None}}
    assert AuditEntry.objects.filter(action="rules.changed").count() == 1
    client.post(PAGE, {})
    assert not PullRequestRule.objects.exists()


def test_rules_set_again_log_nothing(board, columns, keeper):
    for _ in range(2):
        pull_request_rules.set_rules(board, {"open": columns["doing"]}, by=keeper)
    assert Event.objects.filter(kind="rules.changed").count() == 1


@pytest.mark.parametrize("key", ["nonsense", "999999999", "99999999999999999999999"])
def test_rules_refuse_a_missing_column(client, keeper, key):
    client.force_login(keeper)
    assert client.post(PAGE, {"open": key}).status_code == 422
    assert not PullRequestRule.objects.exists()


def test_rules_refuse_another_projects_column(client, keeper):
    elsewhere = BoardFactory(key="OTHER").columns.first()
    client.force_login(keeper)
    assert client.post(PAGE, {"open": elsewhere.pk}).status_code == 422
    answer = client.put(API, {"open": elsewhere.pk}, "application/json")
    assert answer.status_code == 400
    assert not PullRequestRule.objects.exists()


def test_rules_api_reads_and_sets(client, board, columns, keeper):
    client.force_login(keeper)
    usual = {event: columns[goes].pk if event != "closed" else None for event, (_, goes) in EVENTS.items()}
    assert client.get(API).json() == usual
    chosen = {"draft": None, "closed": columns["backlog"].pk}
    answer = client.put(API, chosen, "application/json")
    assert answer.json() == usual | chosen
    assert client.put(API, {}, "application/json").json() == usual


def test_rule_is_deleted_with_its_column(board, columns, keeper):
    extra = Column.objects.create(project=board, name="Checking", category="review", position=90)
    pull_request_rules.set_rules(board, {"open": extra}, by=keeper)
    extra.delete()
    assert pull_request_rules.column_for(board, "open") == columns["review"]
