"""Which of the database's rules a statement broke."""

import psycopg
from django.db import IntegrityError


def violates(error: IntegrityError, *constraints: str) -> bool:
    """Whether it was one of `constraints`; anything else must not be taken for what they stand for."""
    cause = error.__cause__
    return isinstance(cause, psycopg.Error) and cause.diag.constraint_name in constraints
