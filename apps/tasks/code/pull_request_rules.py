"""Which column a card moves to when something happens to its pull request: the default, or the project's own rule."""

from dataclasses import dataclass

from apps.accounts.models import User
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action
from apps.tasks.models import Category, Column, PullRequestEvent, PullRequestRule

# The first column of that category; a pull request that is closed without merging moves nothing.
DEFAULT_CATEGORIES = {
    PullRequestEvent.DRAFT: Category.DOING,
    PullRequestEvent.OPEN: Category.REVIEW,
    PullRequestEvent.CHANGES: Category.DOING,
    PullRequestEvent.MERGED: Category.DONE,
}


@dataclass(frozen=True)
class Rule:
    """Where cards go on `event`; without a column they stay. `default` is the column without a rule of the project."""

    event: PullRequestEvent
    column: Column | None
    default: Column | None
    is_custom: bool


def rules_of(project: Project) -> list[Rule]:
    """One for each event, in the order of a pull request's life; two queries."""
    custom = {rule.event: rule.column_id for rule in project.pull_request_rules.all()}
    columns = list(project.columns.all())
    by_key = {column.pk: column for column in columns}
    rules = []
    for event in PullRequestEvent:
        default = next((each for each in columns if each.category == DEFAULT_CATEGORIES.get(event)), None)
        is_custom = event in custom
        rules.append(Rule(event, by_key.get(custom[event] or 0) if is_custom else default, default, is_custom))
    return rules


def column_for(project: Project, event: str) -> Column | None:
    """Where the project's cards go on `event`; None: they stay."""
    return next((rule.column for rule in rules_of(project) if rule.event == event), None)


def set_rules(project: Project, columns: dict[str, Column | None], *, by: User) -> None:
    """Have cards go to these columns by event (None: they stay); every other event has its default column.

    The columns are the project's own. Logs `rules.changed`.
    """
    with locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        before = {rule.event: rule.column_id for rule in project.pull_request_rules.all()}
        if before == {event: column and column.pk for event, column in columns.items()}:
            return
        project.pull_request_rules.all().delete()
        PullRequestRule.objects.bulk_create(
            PullRequestRule(project=project, event=event, column=column) for event, column in columns.items()
        )
        names = {event: column.name if column else None for event, column in columns.items()}
        events.record(project, "rules.changed", by=by, columns=names)
