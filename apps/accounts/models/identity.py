"""Who somebody is to the provider."""

from django.db import models

from apps.accounts.models.user import User


class Identity(models.Model):
    """The subject `sub` of `issuer` signs in as `user`. Nothing else says who somebody is, an e-mail least."""

    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    user = models.ForeignKey(User, models.CASCADE, related_name="identities")
    email = models.CharField(max_length=254, blank=True)
    is_email_verified = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    used_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "identities"
        constraints = [models.UniqueConstraint(fields=["issuer", "sub"], name="identity_is_one_person")]

    def __str__(self) -> str:
        return f"{self.user} ({self.sub[:12]}…)"


class UsedLogoutToken(models.Model):
    """The SHA-256 of a logout token's `jti`, so that it works once."""

    digest = models.CharField(max_length=64, unique=True)
    used_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return self.digest
