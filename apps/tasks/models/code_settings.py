"""What a project has decided about code: which pull request events move cards, and how branches are named."""

from django.db import models
from django.db.models import Q

from apps.projects.models import Project
from apps.tasks.models.column import Column


class PullRequestEvent(models.TextChoices):
    """What may happen to a pull request that a rule can move cards for."""

    DRAFT = "draft"
    OPEN = "open"
    CHANGES = "changes"
    MERGED = "merged"
    CLOSED = "closed"


class PullRequestRule(models.Model):
    """Where a project's cards go on an event instead of the default column; without a column they stay.

    It is deleted with its column, so that a project which deletes a column is back at the default.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="pull_request_rules", db_index=False)
    event = models.CharField(max_length=10, choices=PullRequestEvent)
    column = models.ForeignKey(Column, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "event"], name="pull_request_rule_once_per_event"),
            models.CheckConstraint(
                name="pull_request_rule_event_known", condition=Q(event__in=PullRequestEvent.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event}: {self.column or '-'}"


class BranchNameTemplate(models.Model):
    """How a project wants branches named instead of the default; code/branch_names.py knows what the template means."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="branch_name_template")
    template = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.template
