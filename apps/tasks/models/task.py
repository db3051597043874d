"""Tasks, each a card on the board."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import F, Q, Value
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.names import NameField
from apps.projects.models import Project
from apps.sql.compiled import compiled
from apps.tasks.models.column import Category, Column
from apps.tasks.models.label import Label
from apps.words import folded


class TaskQuerySet(models.QuerySet["Task"]):
    def visible_to(self, user: User) -> "TaskQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))

    def seen_by(self, user: User, key: str, number: int) -> "Task | None":
        """The task `number` of the project `key`, if it is visible to `user`, with its project."""
        task = _of_member_by_number.first(user=user.pk or 0, key=key, number=number)
        return task if task and task.project.is_within_reach_of(user) else None

    def for_change(self) -> "TaskQuerySet":
        """What is read anew under the lock: the column besides, which most changes look at."""
        return self.select_related("column")

    def with_relations(self) -> "TaskQuerySet":
        """With what a task's page shows of other rows."""
        return self.select_related("project", "column", "assignee", "parent__column").prefetch_related("labels")

    def titled(self, text: str) -> "TaskQuerySet":
        """Those with `text` in their title, as words are compared."""
        wanted = folded(Value(text, output_field=models.TextField()))
        return self.alias(folded_title=folded(F("title"))).filter(folded_title__contains=wanted)

    def open(self) -> "TaskQuerySet":
        return self.exclude(column__category=Category.DONE)


class Task(models.Model):
    class Priority(models.IntegerChoices):
        LOW = 1, _("low")
        NORMAL = 2, _("normal")
        HIGH = 3, _("high")
        URGENT = 4, _("urgent")

    project = models.ForeignKey(Project, models.CASCADE, related_name="tasks", db_index=False)
    # What the gateway knows the task by ("task:<uid>"); never shown to people.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    number = models.PositiveIntegerField()
    column = models.ForeignKey(Column, models.PROTECT, related_name="tasks", db_index=False)
    rank = models.CharField(max_length=64, db_collation="C")
    title = NameField(_("title"), max_length=200)
    description = models.TextField(_("description"), max_length=50_000, blank=True)
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
    # The foot of the card, why it waits in one sentence: see status_notes.py for its shape.
    status_note = models.JSONField(null=True, editable=False)
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
        indexes = [
            models.Index(fields=["project"], name="task_with_status_note", condition=Q(status_note__isnull=False))
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("tasks:task", args=[self.project.key, self.number])

    @property
    def key(self) -> str:
        return f"{self.project.key}-{self.number}"


@compiled
def _of_member_by_number(user: int, key: str, number: int) -> models.QuerySet[Task]:
    of_member = Task.objects.filter(project__memberships__user=user, project__key=key, number=number)
    return of_member.select_related("project")
