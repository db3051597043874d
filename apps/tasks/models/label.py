"""The labels that a project puts on its tasks."""

from django.db import models
from django.utils.translation import pgettext_lazy

from apps.accounts.models import Hue
from apps.names import NameField
from apps.projects.models import Project


class Label(models.Model):
    project = models.ForeignKey(Project, models.CASCADE, related_name="labels", db_index=False)
    name = NameField(pgettext_lazy("of a thing", "name"), max_length=40)
    hue = models.CharField(max_length=10, choices=Hue, default=Hue.STONE)

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["project", "name"], name="label_name_once")]

    def __str__(self) -> str:
        return self.name
