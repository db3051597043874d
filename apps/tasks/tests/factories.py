import factory
from factory.django import DjangoModelFactory

from apps.projects.tests.factories import ProjectFactory
from apps.tasks.actions.create import create as create_task
from apps.tasks.actions.create import create_default_columns
from apps.tasks.models import Column, Label, Task


class ColumnFactory(DjangoModelFactory):
    class Meta:
        model = Column

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence("Column {}".format)
    category = "ready"
    position = factory.Sequence(lambda n: n)


class LabelFactory(DjangoModelFactory):
    class Meta:
        model = Label

    project = factory.SubFactory(ProjectFactory)
    name = factory.Sequence("Label {}".format)


class BoardFactory(ProjectFactory):
    """A project with the five columns a new one starts with."""

    class Meta:
        skip_postgeneration_save = True

    @factory.post_generation
    def columns(self, create, extracted, **kwargs) -> None:
        create_default_columns(self)


def task_in(column: Column, title: str = "A task", **fields) -> Task:
    """A task at the end of `column`, made by the verb."""
    return create_task(column.project, title=title, column=column, by=fields.pop("by", None), **fields)
