"""The columns of a board."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Hue, User
from apps.names import NameField
from apps.projects.models import Project
from apps.sql.compiled import compiled


class Category(models.TextChoices):
    """What a column means, whatever its name: automation asks for this."""

    BACKLOG = "backlog", _("backlog")
    READY = "ready", _("to do")
    DOING = "doing", _("in progress")
    REVIEW = "review", _("review")
    DONE = "done", _("done")


class ColumnQuerySet(models.QuerySet["Column"]):
    def visible_to(self, user: User) -> "ColumnQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))

    def of(self, project: Project) -> "list[Column]":
        """Those of a board, in their order."""
        return _of_project.all(project=project.pk)


class Column(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="columns", db_index=False)
    name = NameField(pgettext_lazy("of a thing", "name"), max_length=50)
    category = models.CharField(_("category"), max_length=10, choices=Category)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.STONE)
    position = models.PositiveSmallIntegerField()
    # How many tasks are in it: triggers of the database keep it, nobody else writes it (docs/decisions/0012).
    task_count = models.IntegerField(db_default=0, editable=False)

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


@compiled
def _of_project(project: int) -> models.QuerySet[Column]:
    return Column.objects.filter(project=project)
