"""A number that its column cannot keep is refused by whatever way it comes, and never changed."""

import pytest
from django.apps import apps
from django.db import DataError, connection, models, transaction

from apps.agents.models import Agent, Gateway
from apps.agents.tests.factories import GatewayFactory, agent_in, run_of
from apps.projects.tests.factories import MembershipFactory, ProjectFactory
from apps.tasks.tests.factories import BoardFactory

pytestmark = [pytest.mark.django_db, pytest.mark.req("FLT-27")]
OURS = ("accounts", "projects", "tasks", "chat", "agents")


def integer_fields() -> list[models.Field]:
    found = [field for app in OURS for model in apps.get_app_config(app).get_models() for field in model._meta.fields]
    return [field for field in found if isinstance(field, models.IntegerField) and not field.primary_key]


def too_large(field: models.Field) -> list[int]:
    """Just beyond what the column keeps, and what its lowest bytes would be a small number of."""
    _, most = connection.ops.integer_field_range(field.get_internal_type())
    return [most + 1, (most + 1) * 2 + 2]


WAYS = {
    "save": lambda model, values: model(**values).save(force_insert=True),
    "update": lambda model, values: model._base_manager.update(**values),
    "create two": lambda model, values: model._base_manager.bulk_create([model(**values), model(**values)]),
}


@pytest.mark.parametrize("way", WAYS)
def test_integer_that_does_not_fit_is_refused(way):
    taken = []
    for field in integer_fields():
        for value in too_large(field):
            try:
                with transaction.atomic():
                    WAYS[way](field.model, {field.attname: value})
            except DataError:
                continue
            except Exception as error:
                taken.append((str(field), value, repr(error)))
            else:
                taken.append((str(field), value, "stored"))
    assert taken == []
    assert len(integer_fields()) > 20


def test_integer_that_does_not_fit_is_refused_in_stored_rows():
    board = BoardFactory()
    run = run_of(agent_in(board), MembershipFactory(project=board).user)
    rows = [run, run.agent, run.agent.gateway, run.task, run.task.column, run.project]
    fields = [field for field in integer_fields() if field.model in map(type, rows)]
    for field in fields:
        (row,) = [each for each in rows if isinstance(each, field.model)]
        for value in too_large(field):
            setattr(row, field.attname, value)
            for change in (row.save, lambda row=row, field=field: field.model.objects.bulk_update([row], [field.name])):
                with pytest.raises(DataError), transaction.atomic():
                    change()
            row.refresh_from_db()
    assert len(fields) > 8


def test_integer_that_fits_is_stored():
    agent = agent_in(ProjectFactory())
    Agent.objects.filter(pk=agent.pk).update(max_concurrent=32_767)
    agent.refresh_from_db()
    agent.max_concurrent += 1
    with pytest.raises(DataError), transaction.atomic():
        agent.save(update_fields=["max_concurrent"])
    Gateway.objects.bulk_create([GatewayFactory.build(failures=2**31 - 1), GatewayFactory.build(failures=7)])
    agent.refresh_from_db()
    assert agent.max_concurrent == 32_767
    assert set(Gateway.objects.exclude(pk=agent.gateway_id).values_list("failures", flat=True)) == {2**31 - 1, 7}
