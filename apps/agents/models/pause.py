from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from apps.projects.models import Project


class Pause(models.Model):
    """While it is there, no agent starts anything in the project."""

    project = models.OneToOneField(Project, models.CASCADE, related_name="pause")
    paused_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    # By no person: `manage.py restore` did it, and lifts it with --release.
    after_restore = models.BooleanField(default=False)
    paused_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.project} is paused"
