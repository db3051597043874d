"""What was done by whom, kept for good: the audit's entries and the seals that chain them."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class AuditEntryQuerySet(models.QuerySet["AuditEntry"]):
    def of_project(self, project_id: int) -> "AuditEntryQuerySet":
        return self.filter(project_id=project_id)

    def of_run(self, run_id: str) -> "AuditEntryQuerySet":
        """Everything about one run in its order: who asked, what was sent, what came back, what it changed."""
        return self.filter(run=run_id).order_by("pk")


class AuditEntry(models.Model):
    """One thing somebody did. The database refuses to change it, so it names others by number and by name.

    A foreign key would have to be cleared when an account or a project goes, and the entry would
    then say less than it did.
    """

    action = models.CharField(_("what"), max_length=60)
    at = models.DateTimeField(_("time"), db_default=Now())
    user_id = models.BigIntegerField(null=True)
    who = models.CharField(_("who"), max_length=150, blank=True)
    token = models.CharField(max_length=12, blank=True)
    run = models.UUIDField(null=True)
    asked_by_id = models.BigIntegerField(null=True)
    asked_by = models.CharField(max_length=150, blank=True)
    project_id = models.BigIntegerField(null=True)
    address = models.GenericIPAddressField(_("from"), null=True)
    facts = models.JSONField(_("facts"), default=dict)

    objects = AuditEntryQuerySet.as_manager()

    class Meta:
        verbose_name = _("audit entry")
        verbose_name_plural = _("audit")
        indexes = [
            models.Index(fields=["action", "id"], name="audit_of_action"),
            models.Index(fields=["project_id", "id"], name="audit_of_project"),
            models.Index(fields=["run", "id"], name="audit_of_run", condition=models.Q(run__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action}"


class AuditSeal(models.Model):
    """An entry's place in the chain: `digest` is over the one before and the entry. Written at commit."""

    id = models.BigIntegerField(primary_key=True)
    entry_id = models.BigIntegerField(unique=True)
    digest = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.pk} {self.digest}"
