"""A project's repositories, how the board gets at them, and what their forges told it."""

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from apps.accounts.models import User
from apps.names import NameField
from apps.projects.git.mirror import errors
from apps.projects.models.project import Project
from apps.secrets import SecretField

LONGEST_CREDENTIAL = 20_000  # before it is encrypted: the column takes any length


class RepositoryQuerySet(models.QuerySet["Repository"]):
    def visible_to(self, user: User) -> "RepositoryQuerySet":
        return self.filter(project__in=Project.objects.visible_to(user))


class Repository(models.Model):
    class Forge(models.TextChoices):
        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"
        GITEA = "gitea", _("Gitea or Forgejo")
        PLAIN = "plain", _("Git alone")

    class Credential(models.TextChoices):
        NONE = "none", _("nothing, it is public")
        TOKEN = "token", _("an access token")
        KEY = "key", _("a deploy key")

    class Merging(models.TextChoices):
        NOBODY = "nobody", _("nobody")
        MAINTAINERS = "maintainers", _("maintainers")
        MEMBERS = "members", _("everybody who may accept an agent's work")

    project = models.ForeignKey(Project, models.CASCADE, related_name="repositories", db_index=False)
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = NameField(pgettext_lazy("of a thing", "name"), max_length=80)
    url = models.CharField(_("address"), max_length=500)
    forge = models.CharField(_("forge"), max_length=10, choices=Forge, default=Forge.PLAIN)
    default_branch = models.CharField(_("default branch"), max_length=255, blank=True, editable=False)
    credential_kind = models.CharField(_("opens with"), max_length=10, choices=Credential, default=Credential.NONE)
    credential = SecretField(_("token or key"), blank=True)
    # What an SSH server showed of itself at the first connection; another one is refused later.
    host_keys = models.TextField(blank=True, editable=False)
    merging = models.CharField(_("who merges from the board"), max_length=12, choices=Merging, default=Merging.NOBODY)
    webhook_secret = SecretField(editable=False)
    # Valid besides the current one until then, so that nothing is lost while a secret is changed over.
    previous_webhook_secret = SecretField(blank=True, editable=False)
    previous_webhook_secret_until = models.DateTimeField(null=True, editable=False)
    # A fetch is due when it is wanted; the lease keeps two workers off one mirror.
    fetch_wanted_at = models.DateTimeField(null=True, editable=False)
    # Somebody wants the mirror made anew: the next fetch forgets it first.
    mirror_wanted_at = models.DateTimeField(null=True, editable=False)
    fetch_lease_until = models.DateTimeField(null=True, editable=False)
    fetched_at = models.DateTimeField(null=True, editable=False)
    # Why the last fetch came to nothing: a code and facts, worded in the reader's language.
    fetch_error = models.CharField(max_length=40, blank=True, editable=False)
    fetch_facts = models.JSONField(default=dict, editable=False)
    # How far what the forge knows was last compared with what its deliveries told, and why it was not.
    resync_lease_until = models.DateTimeField(null=True, editable=False)
    resynced_at = models.DateTimeField(null=True, editable=False)
    resync_error = models.CharField(max_length=40, blank=True, editable=False)
    resync_facts = models.JSONField(default=dict, editable=False)
    # Of all refs of the mirror: when it stays, nothing is read again. Empty, the mirror is looked through first.
    fingerprint = models.CharField(max_length=64, blank=True, editable=False)
    size_bytes = models.BigIntegerField(default=0, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = RepositoryQuerySet.as_manager()

    class Meta:
        ordering = ["name", "pk"]
        verbose_name = _("repository")
        verbose_name_plural = _("repositories")
        constraints = [
            models.UniqueConstraint(fields=["project", "name"], name="repository_name_once_per_project"),
            models.UniqueConstraint(fields=["project", "url"], name="repository_url_once_per_project"),
            models.CheckConstraint(
                name="repository_credential_matches_kind",
                condition=Q(credential_kind="none", credential="") | ~Q(credential_kind="none") & ~Q(credential=""),
            ),
        ]
        indexes = [models.Index(fields=["fetch_wanted_at"], name="repository_wanted")]

    def __str__(self) -> str:
        return self.name

    @property
    def valid_webhook_secrets(self) -> list[str]:
        """The secrets a delivery may be signed with now: two for a while after a rotation."""
        has_former = (
            self.previous_webhook_secret_until is not None and timezone.now() < self.previous_webhook_secret_until
        )
        return [self.webhook_secret, self.previous_webhook_secret] if has_former else [self.webhook_secret]

    @property
    def trouble(self) -> str:
        """Why the last fetch came to nothing, as a sentence; empty when it went well."""
        return errors.sentence(self.fetch_error, self.fetch_facts) if self.fetch_error else ""


class WebhookDelivery(models.Model):
    """One webhook that a forge sent, stored before it is answered and worked on afterwards."""

    repository = models.ForeignKey(Repository, models.CASCADE, related_name="deliveries", db_index=False)
    delivery_id = models.CharField(max_length=100)
    body_sha256 = models.CharField(max_length=64)
    kind = models.CharField(max_length=60)
    payload = models.JSONField()  # redacted
    received_at = models.DateTimeField(auto_now_add=True)
    processed_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["-received_at", "-pk"]
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [
            models.UniqueConstraint(fields=["repository", "delivery_id"], name="delivery_id_once_per_repository"),
            models.UniqueConstraint(fields=["repository", "body_sha256"], name="delivery_body_once_per_repository"),
        ]
        indexes = [
            models.Index(fields=["repository", "-received_at"], name="delivery_log"),
            models.Index(fields=["received_at"], name="delivery_due", condition=Q(processed_at__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.delivery_id}"
