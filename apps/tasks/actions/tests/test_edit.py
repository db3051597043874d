import pytest

from apps.errors import Conflict
from apps.projects.models import Event
from apps.tasks.actions.edit import InvalidTitle, edit
from apps.tasks.tests.factories import LabelFactory, task_in

pytestmark = pytest.mark.django_db


@pytest.fixture
def task(columns):
    return task_in(columns["ready"], "Old title")


@pytest.mark.req("I2")
def test_edit_of_different_fields_merges(task, ana, ben):
    edit(task, title="New title", version=1, by=ana)
    edit(task, priority=4, version=1, by=ben)
    task.refresh_from_db()
    assert (task.title, task.priority, task.version) == ("New title", 4, 3)


@pytest.mark.req("I2")
def test_edit_of_same_field_again_from_the_new_version(task, ana):
    edit(task, title="New title", version=1, by=ana)
    edit(task, title="Newer title", version=2, by=ana)
    task.refresh_from_db()
    assert (task.title, task.version) == ("Newer title", 3)


@pytest.mark.req("I2")
def test_edit_of_same_field_from_stale_page_is_a_conflict(task, ana, ben):
    edit(task, title="Ana's title", version=1, by=ana)
    with pytest.raises(Conflict) as refused:
        edit(task, title="Ben's title", version=1, by=ben)
    assert refused.value.facts == {"version": 2, "current": {"title": "Ana's title"}}


def test_edit_without_difference_logs_nothing(task, ana):
    label = LabelFactory(project=task.project)
    edit(task, labels=[label], by=ana)
    edit(task, labels=[label], title="Old title", by=ana)
    assert Event.objects.filter(kind="task.edited").count() == 1


def test_edit_keeps_title_from_becoming_blank(task, ana):
    with pytest.raises(InvalidTitle):
        edit(task, title="  ", by=ana)
