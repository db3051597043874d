"""What came of signing in with the provider."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models.user import User


class SignInAttempt(models.Model):
    """`outcome` is "ok", "linked" or a code of refusals.REFUSALS; `claims` are redacted. Kept for 30 days."""

    attempted_at = models.DateTimeField(_("when"), auto_now_add=True, db_index=True)
    outcome = models.CharField(_("outcome"), max_length=30)
    detail = models.CharField(_("detail"), max_length=500, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sub_digest = models.CharField(_("subject, as a digest"), max_length=16, blank=True)
    address = models.CharField(_("address"), max_length=45, blank=True)
    claims = models.JSONField(_("claims"), default=dict)

    class Meta:
        ordering = ["-attempted_at", "-pk"]
        verbose_name = _("sign-in with Authentik")
        verbose_name_plural = _("sign-ins with Authentik")

    def __str__(self) -> str:
        return f"{self.attempted_at:%Y-%m-%d %H:%M} {self.outcome}"
