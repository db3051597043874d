"""Where cards go by what a pull request has come to: as is usual, or as the project's maintainers have it."""

from dataclasses import dataclass

from django.db import transaction

from apps.accounts.models import User
from apps.projects import events
from apps.projects.models import Project
from apps.tasks.models import Category, CodeRule, Column, Occasion

# On these occasions cards go to the first column of that category; what is closed unmerged moves nothing.
USUAL = {
    Occasion.DRAFT: Category.DOING,
    Occasion.OPEN: Category.REVIEW,
    Occasion.CHANGES: Category.DOING,
    Occasion.MERGED: Category.DONE,
}


@dataclass(frozen=True)
class Rule:
    """Where cards go on `occasion`; without a column they stay. `usual` is where they would go without a choice."""

    occasion: Occasion
    column: Column | None
    usual: Column | None
    is_chosen: bool


def rules_of(project: Project) -> list[Rule]:
    """One for each occasion, in the order in which a pull request comes to them; two queries."""
    chosen = {rule.occasion: rule.column_id for rule in project.code_rules.all()}
    columns = list(project.columns.all())
    by_key = {column.pk: column for column in columns}
    rules = []
    for occasion in Occasion:
        usual = next((each for each in columns if each.category == USUAL.get(occasion)), None)
        is_chosen = occasion in chosen
        rules.append(Rule(occasion, by_key.get(chosen[occasion]) if is_chosen else usual, usual, is_chosen))
    return rules


def column_for(project: Project, occasion: str) -> Column | None:
    """Where the project's cards go on `occasion`; None: they stay."""
    return next((rule.column for rule in rules_of(project) if rule.occasion == occasion), None)


@transaction.atomic
def choose(project: Project, columns: dict[str, Column | None], *, by: User) -> None:
    """Have cards go to these columns by occasion (None: they stay), on all other occasions as usual.

    The columns are the project's own. Logs `rules.changed`.
    """
    project = Project.objects.locked(project.pk)
    before = {rule.occasion: rule.column_id for rule in project.code_rules.all()}
    wanted = {occasion: column and column.pk for occasion, column in columns.items()}
    if wanted == before:
        return
    project.code_rules.all().delete()
    CodeRule.objects.bulk_create(
        CodeRule(project=project, occasion=occasion, column=column) for occasion, column in columns.items()
    )
    names = {occasion: column.name if column else None for occasion, column in columns.items()}
    events.record(project, "rules.changed", by=by, columns=names)
