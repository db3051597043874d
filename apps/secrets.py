"""Secrets at rest: encrypted by a key that is not in the database (Fernet, rotated by FIELD_KEYS)."""

import base64
import hashlib
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import models


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    """Any text serves as a key: its SHA-256 is what Fernet gets."""
    return MultiFernet([Fernet(base64.urlsafe_b64encode(hashlib.sha256(key.encode()).digest())) for key in keys])


class SecretField(models.TextField):  # type: ignore[type-arg]  # Django's fields take none at run time
    """Text that is encrypted in the database and plain in Python. Never put it into a form's initial data.

    A migration knows it as the TextField that the database has, so that none imports this module.
    """

    def deconstruct(self) -> tuple[Any, ...]:
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs

    def get_prep_value(self, value: str | None) -> str | None:
        return _fernet(tuple(settings.FIELD_KEYS)).encrypt(value.encode()).decode() if value else value

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str | None:
        return _fernet(tuple(settings.FIELD_KEYS)).decrypt(value.encode()).decode() if value else value
