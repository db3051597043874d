"""Which project a row belongs to, found out from the models themselves."""

from functools import cache

from django.apps import apps
from django.db.models import Model, QuerySet

from apps.projects.models import Project


@cache
def path_to_project(model: type[Model]) -> str | None:
    """The shortest lookup from `model` to a project, such as `task__project`; None when none leads there.

    What a row names itself goes before what names it.
    """
    seen, ways = {model}, [(model, "")]
    for reached, way in ways:
        if reached is Project:
            return way.removeprefix("__") or "pk"
        for relation in sorted(reached._meta.get_fields(), key=lambda relation: relation.auto_created):
            if relation.is_relation and relation.related_model not in {None, *seen}:
                seen.add(relation.related_model)
                ways.append((relation.related_model, f"{way}__{relation.name}"))
    return None


def rows_of(model: type[Model], project: Project) -> QuerySet:
    return model._base_manager.filter(**{path_to_project(model): project.pk})


def models_of_projects(elsewhere: dict[str, str]) -> list[type[Model]]:
    """Every model whose rows belong to projects: all that do not stand in authz.toml's [models]."""
    return [model for model in apps.get_models() if model._meta.label not in elsewhere]
