"""What groups of a provider give in projects."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.projects.models.project import Project, Role


class GroupGrant(models.Model):
    """Whoever the provider says is in `group` has at least `role` in `project`."""

    group = models.CharField(_("group"), max_length=255, help_text=_("Its name exactly as the provider writes it."))
    project = models.ForeignKey(Project, models.CASCADE, related_name="grants", verbose_name=_("project"))
    role = models.CharField(_("role"), max_length=10, choices=Role, default=Role.MEMBER)

    class Meta:
        ordering = ["group", "project__name"]
        verbose_name = _("role by group")
        verbose_name_plural = _("roles by group")
        constraints = [
            models.UniqueConstraint(fields=["group", "project"], name="one_grant_per_group_and_project"),
            models.CheckConstraint(name="grant_role_known", condition=Q(role__in=Role.values)),
        ]

    def __str__(self) -> str:
        return f"{self.group} → {self.project} ({self.get_role_display()})"


class KnownGroups(models.Model):
    """The groups a provider named at somebody's last sign-in, so that a change of the grants reaches them at once."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="known_groups")
    names = models.JSONField(default=list)

    def __str__(self) -> str:
        return f"{self.user}: {', '.join(self.names)}"
