"""A comment that mentions an agent starts nothing, and says so in a line below."""

import pytest
from django.utils import translation

from apps.agents.mentions import comment_footer
from apps.agents.models import Run
from apps.agents.runs.actions.review import request_changes
from apps.agents.tests.factories import agent_in, run_of
from apps.projects.realtime import frames
from apps.projects.tests.factories import ProjectFactory
from apps.tasks.actions.comment import comment
from apps.tasks.tests.factories import task_in

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-20")]
WHY = "is not asked by a comment"


@pytest.fixture
def task(columns):
    return task_in(columns["ready"])


def page_of(client, task, ana) -> str:
    client.force_login(ana)
    return client.get(task.get_absolute_url()).content.decode()


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("@scribe please look", True),
        ("Well, @SCRIBE?", True),
        ("@ana please look", False),
        ("scribe@example.org", False),
        ("`@scribe`", False),
        ("@elsewhere please look", False),
        ("No one is called.", False),
    ],
)
def test_comment_that_mentions_an_agent_says_why_nothing_happens(client, task, scribe, ana, text, is_said):
    agent_in(ProjectFactory(), "Elsewhere")
    since = task.project.events.order_by("seq").last().seq
    comment(task, text=text, by=ana)
    assert (f"<bdi>Scribe</bdi> {WHY}" in page_of(client, task, ana)) == is_said
    assert not Run.objects.exists()
    frame = frames.frame_since(task.project_id, since, language="en", open_task=task.pk)
    assert any(WHY in op.get("html", "") for op in frame["ops"]) == is_said


def test_comment_that_mentions_two_agents_names_both(client, task, scribe, ana):
    agent_in(task.project, "Mason")
    comment(task, text="@scribe and @mason", by=ana)
    page = page_of(client, task, ana)
    assert f"<bdi>Scribe</bdi> {WHY}" in page
    assert f"<bdi>Mason</bdi> {WHY}" in page


def test_comment_by_which_changes_are_requested_did_ask(client, scribe, ana, gateway):
    run = run_of(scribe, ana)
    Run.objects.filter(pk=run.pk).update(status="succeeded", review="waiting")
    request_changes(Run.objects.with_related().get(pk=run.pk), note="@scribe: shorter.", by=ana)
    assert WHY not in page_of(client, run.task, ana)


def test_reason_is_in_the_readers_language(task, scribe, ana):
    posted = comment(task, text="@scribe", by=ana)
    with translation.override("ru"):
        assert "комментарий не запускает" in comment_footer.render_footers([posted])[posted.pk]
