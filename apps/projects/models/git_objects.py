"""What is in a repository and what its forge says about it. All texts come from outside and are bounded."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.projects.models.repository import Repository


class Branch(models.Model):
    """`ahead` and `behind` count commits against the default branch."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="branches", db_index=False)
    name = models.CharField(max_length=255)
    head = models.CharField(max_length=64)
    ahead = models.PositiveIntegerField(default=0)
    behind = models.PositiveIntegerField(default=0)
    committed_at = models.DateTimeField()  # of its newest commit

    class Meta:
        verbose_name = _("branch")
        verbose_name_plural = _("branches")
        constraints = [models.UniqueConstraint(fields=["repository", "name"], name="branch_once_per_repository")]
        indexes = [models.Index(fields=["repository", "-committed_at", "name"], name="branch_newest")]

    def __str__(self) -> str:
        return self.name


class Commit(models.Model):
    """One commit that a branch has or had. People are what Git says: names, not accounts."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="commits", db_index=False)
    sha = models.CharField(max_length=64)
    author_name = models.CharField(max_length=200)
    author_email = models.CharField(max_length=254, blank=True)
    message = models.TextField()
    committed_at = models.DateTimeField()

    class Meta:
        verbose_name = _("commit")
        verbose_name_plural = _("commits")
        constraints = [models.UniqueConstraint(fields=["repository", "sha"], name="commit_once_per_repository")]
        indexes = [models.Index(fields=["repository", "-committed_at", "sha"], name="commit_newest")]

    def __str__(self) -> str:
        return self.short

    @property
    def short(self) -> str:
        return self.sha[:10]

    @property
    def subject(self) -> str:
        return self.message.partition("\n")[0]

    @property
    def rest(self) -> str:
        """The message below its subject."""
        return self.message.partition("\n")[2].strip()


class PullRequestQuerySet(models.QuerySet["PullRequest"]):
    def visible_to(self, user: User) -> "PullRequestQuerySet":
        return self.filter(repository__in=Repository.objects.visible_to(user))


class PullRequest(models.Model):
    """A pull or merge request, as the forge last said. `updated_at` is the forge's own time: the newest counts."""

    class State(models.TextChoices):
        DRAFT = "draft", pgettext_lazy("of a pull request", "draft")
        OPEN = "open", pgettext_lazy("of a pull request", "open")
        MERGED = "merged", pgettext_lazy("of a pull request", "merged")
        CLOSED = "closed", pgettext_lazy("of a pull request", "closed")

    class Review(models.TextChoices):
        NONE = "none", pgettext_lazy("of a pull request", "not reviewed")
        CHANGES = "changes", pgettext_lazy("of a pull request", "changes requested")
        APPROVED = "approved", pgettext_lazy("of a pull request", "approved")

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="pull_requests", db_index=False)
    number = models.PositiveIntegerField()
    title = models.CharField(max_length=300)
    body = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State, default=State.OPEN)
    head_branch = models.CharField(max_length=255)
    base_branch = models.CharField(max_length=255)
    head_sha = models.CharField(max_length=64)
    author = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=500, blank=True)
    additions = models.PositiveIntegerField(null=True)
    deletions = models.PositiveIntegerField(null=True)
    # What each reviewer last said: {name: [one of Review, when]}. `review` is what that comes to.
    reviews = models.JSONField(default=dict, editable=False)
    review = models.CharField(max_length=10, choices=Review, default=Review.NONE)
    opened_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()
    merged_at = models.DateTimeField(null=True)

    objects = PullRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("pull request")
        verbose_name_plural = _("pull requests")
        constraints = [models.UniqueConstraint(fields=["repository", "number"], name="request_once_per_repository")]
        indexes = [
            models.Index(fields=["repository", "head_branch"], name="request_of_branch"),
            models.Index(fields=["repository", "head_sha"], name="request_of_head"),
        ]

    def __str__(self) -> str:
        return f"#{self.number} {self.title}"


class CheckRun(models.Model):
    """What one check (a CI job, a pipeline) said about one commit, at the forge's own time `reported_at`."""

    class State(models.TextChoices):
        PENDING = "pending", pgettext_lazy("of a check", "running")
        PASSED = "passed", pgettext_lazy("of a check", "passed")
        FAILED = "failed", pgettext_lazy("of a check", "failed")

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="checks", db_index=False)
    sha = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    suite = models.CharField(max_length=20, blank=True)  # GitHub's: two workflows may each have a job of one name
    state = models.CharField(max_length=10, choices=State)
    url = models.CharField(max_length=500, blank=True)
    reported_at = models.DateTimeField()

    class Meta:
        verbose_name = _("check")
        verbose_name_plural = _("checks")
        constraints = [
            models.UniqueConstraint(fields=["repository", "sha", "name", "suite"], name="check_once_per_commit")
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"
