"""Argon2 with a limit on how much memory sign-ins can take together."""

import threading

from django.contrib.auth.hashers import Argon2PasswordHasher

SLOTS = threading.BoundedSemaphore(2)


class SlottedArgon2(Argon2PasswordHasher):
    """Two hashes at a time in one process: each takes 100 MiB, so twenty sign-ins would take 2 GiB."""

    def encode(self, password: str, salt: str) -> str:
        with SLOTS:
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        with SLOTS:
            return super().verify(password, encoded)
