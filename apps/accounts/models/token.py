"""The tokens of programs."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models.user import User
from apps.names import NameField


class ApiToken(models.Model):
    """A key for a program, of a person or a service account: only its SHA-256 is kept, so it is shown once.

    `only_projects` are ids, not relations: a project's end leaves its token narrow, where an empty
    relation would read as every project.
    """

    class Scope(models.TextChoices):
        READ = "read", _("read only")
        WRITE = "write", _("read and write")
        AGENTS = "agents", _("read, write and direct agents")

    user = models.ForeignKey(User, models.CASCADE, related_name="tokens")
    name = NameField(pgettext_lazy("of a thing", "name"), max_length=100)
    prefix = models.CharField(max_length=12, unique=True)
    digest = models.CharField(max_length=64, unique=True)
    scope = models.CharField(_("may"), max_length=6, choices=Scope, default=Scope.READ)
    only_projects = models.JSONField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(_("expires"))
    used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    projects: list[str]  # the names of those it is for: on its person's page

    class Meta:
        verbose_name = _("token")
        verbose_name_plural = _("tokens")
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"tb_{self.prefix}_…"
