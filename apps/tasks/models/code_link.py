"""Branches, commits and pull requests that belong to tasks."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.projects.models import Project, PullRequest, Repository
from apps.tasks.models.task import Task


class CodeLinkQuerySet(models.QuerySet["CodeLink"]):
    def visible_to(self, user: User) -> "CodeLinkQuerySet":
        """The active ones in projects of `user`."""
        return self.active().filter(task__project__in=Project.objects.visible_to(user))

    def active(self) -> "CodeLinkQuerySet":
        return self.filter(dismissed=False)


class CodeLink(models.Model):
    """A branch, commit or pull request that belongs to a task.

    One that a person has `dismissed` stays as a row, so that the next delivery which references the task
    does not bring it back.
    """

    class Kind(models.TextChoices):
        BRANCH = "branch", _("branch")
        COMMIT = "commit", _("commit")
        PULL_REQUEST = "pull_request", _("pull request")

    task = models.ForeignKey(Task, models.CASCADE, related_name="code_links", db_index=False)
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=12, choices=Kind)
    ref = models.CharField(max_length=255)  # the branch's name, the commit's sha, the pull request's number
    pull_request = models.ForeignKey(PullRequest, models.CASCADE, null=True, related_name="code_links")
    triggers_moves = models.BooleanField(default=False)  # whether it may move the card
    dismissed = models.BooleanField(default=False)
    last_event = models.CharField(max_length=10, blank=True)  # the last PullRequestEvent that a rule was asked for
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CodeLinkQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["task", "repository", "kind", "ref"], name="code_link_once"),
            models.CheckConstraint(
                name="code_link_has_its_pull_request",
                condition=Q(kind="pull_request", pull_request__isnull=False)
                | ~Q(kind="pull_request") & Q(pull_request__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"

    @property
    def project(self) -> Project:
        return self.task.project
