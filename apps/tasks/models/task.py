"""The board: columns and the tasks in them."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Hue, User
from apps.projects.models import Project, PullRequest, Repository

TITLE_LENGTH = 200
TEXT_LENGTH = 50_000


class Category(models.TextChoices):
    """What a column means, whatever its name: automation asks for this."""

    BACKLOG = "backlog", _("backlog")
    READY = "ready", _("to do")
    DOING = "doing", _("in progress")
    REVIEW = "review", _("review")
    DONE = "done", _("done")


class ColumnQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "ColumnQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))


class Column(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="columns")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=50)
    category = models.CharField(_("category"), max_length=10, choices=Category)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.STONE)
    position = models.PositiveSmallIntegerField()

    objects = ColumnQuerySet.as_manager()

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["project", "position"],
                name="column_position_once",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(name="column_category_known", condition=Q(category__in=Category.values)),
        ]

    def __str__(self) -> str:
        return self.name


class Label(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="labels")
    name = models.CharField(pgettext_lazy("of a thing", "name"), max_length=40)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.STONE)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="label_name_once")]

    def __str__(self) -> str:
        return self.name


class TaskQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "TaskQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))

    def open(self) -> "TaskQuerySet":
        return self.exclude(column__category=Category.DONE)


class Task(models.Model):
    class Priority(models.IntegerChoices):
        LOW = 1, _("low")
        NORMAL = 2, _("normal")
        HIGH = 3, _("high")
        URGENT = 4, _("urgent")

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks")
    # What the gateway knows the task by ("task:<uid>"); never shown to people.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField()
    column = models.ForeignKey(Column, models.PROTECT, related_name="tasks")
    rank = models.CharField(max_length=64, db_collation="C")
    title = models.CharField(_("title"), max_length=TITLE_LENGTH)
    description = models.TextField(_("description"), max_length=TEXT_LENGTH, blank=True)
    priority = models.PositiveSmallIntegerField(_("priority"), choices=Priority, default=Priority.NORMAL)
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="assigned",
        verbose_name=_("assigned"),
    )
    parent = models.ForeignKey("self", models.CASCADE, null=True, blank=True, related_name="subtasks")
    labels = models.ManyToManyField(Label, blank=True, related_name="tasks")
    # The foot of the card, why it waits in one sentence: see notes.py for its shape.
    note = models.JSONField(null=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    objects = TaskQuerySet.as_manager()

    class Meta:
        ordering = ["rank"]
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="task_number_once_per_project"),
            models.UniqueConstraint(fields=["column", "rank"], name="task_rank_once_per_column"),
            models.CheckConstraint(name="task_not_its_own_parent", condition=~Q(parent=F("pk"))),
            models.CheckConstraint(name="task_has_title", condition=~Q(title="")),
            models.CheckConstraint(name="task_priority_known", condition=Q(priority__in=[1, 2, 3, 4])),
        ]
        indexes = [models.Index(fields=["project"], name="task_with_note", condition=Q(note__isnull=False))]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("tasks:task", args=[self.project.key, self.number])

    @property
    def key(self) -> str:
        return f"{self.project.key}-{self.number}"


class Comment(models.Model):
    task = models.ForeignKey(Task, models.CASCADE, related_name="comments")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(_("comment"), max_length=262_144)
    # Markdown through the allow-list, made once when the comment is written.
    html = models.TextField(editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.text[:60]


class CodeLinkQuerySet(models.QuerySet):
    def visible_to(self, user: User) -> "CodeLinkQuerySet":
        """Those that stand in projects of `user`."""
        return self.standing().filter(task__project__in=Project.objects.visible_to(user))

    def standing(self) -> "CodeLinkQuerySet":
        return self.filter(is_cut=False)


class CodeLink(models.Model):
    """A branch, commit or pull request that belongs to a task.

    `acts` says that it may move the card. One that a person has cut stays as a row, so that the next
    delivery which names the task does not bring it back.
    """

    class Kind(models.TextChoices):
        BRANCH = "branch", _("branch")
        COMMIT = "commit", _("commit")
        REQUEST = "request", _("pull request")

    task = models.ForeignKey(Task, models.CASCADE, related_name="code_links")
    repository = models.ForeignKey(Repository, models.CASCADE, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    ref = models.CharField(max_length=255)  # the branch's name, the commit's sha, the request's number
    request = models.ForeignKey(PullRequest, models.CASCADE, null=True, related_name="code_links")
    acts = models.BooleanField(default=False)
    is_cut = models.BooleanField(default=False)
    # The last occasion (one of Occasion) that the card was moved for, or would have been.
    occasion = models.CharField(max_length=10, blank=True)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = CodeLinkQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["task", "repository", "kind", "ref"], name="code_link_once"),
            models.CheckConstraint(
                name="code_link_knows_its_request",
                condition=Q(kind="request", request__isnull=False) | ~Q(kind="request") & Q(request__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.ref}"


class Occasion(models.TextChoices):
    """What a pull request has come to, that a card may move for."""

    DRAFT = "draft"
    OPEN = "open"
    CHANGES = "changes"
    MERGED = "merged"
    CLOSED = "closed"


class CodeRule(models.Model):
    """Where a project's cards go on an occasion, when that is not as usual; without a column they stay.

    It goes with its column, so that a project which gives a column up is back at what is usual.
    """

    project = models.ForeignKey(Project, models.CASCADE, related_name="code_rules")
    occasion = models.CharField(max_length=10, choices=Occasion)
    column = models.ForeignKey(Column, models.CASCADE, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "occasion"], name="code_rule_once_per_occasion"),
            models.CheckConstraint(name="code_rule_occasion_known", condition=Q(occasion__in=Occasion.values)),
        ]

    def __str__(self) -> str:
        return f"{self.occasion}: {self.column or '-'}"


class BranchNaming(models.Model):
    """How a project wants branches called, when that is not as usual; branching.py knows what the template means."""

    project = models.OneToOneField(Project, models.CASCADE, primary_key=True, related_name="branch_naming")
    template = models.CharField(max_length=80)

    def __str__(self) -> str:
        return self.template
