"""What came of signing in with the provider."""

from django.db import models

from apps.accounts.models.user import User


class SignInAttempt(models.Model):
    """`outcome` is "ok", "linked" or a code of refusals.REFUSALS; `claims` are redacted. Kept for 30 days."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    outcome = models.CharField(max_length=30)
    detail = models.CharField(max_length=500, blank=True)
    user = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    sub_digest = models.CharField(max_length=16, blank=True)
    address = models.CharField(max_length=45, blank=True)
    claims = models.JSONField(default=dict)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.outcome}"
