"""The avatars that people show of themselves."""

from django.db import models

from apps.accounts.models.user import User


class Avatar(models.Model):
    """A small square WebP, drawn anew from what was uploaded. Apart from the person, whom every request fetches."""

    user = models.OneToOneField(User, models.CASCADE, related_name="+")
    content = models.BinaryField()

    def __str__(self) -> str:
        return f"the avatar of {self.user}"
