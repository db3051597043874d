"""The one family of errors for a rule that says no."""

from typing import Any

from apps.lazy_text import LazyText


class Refused(Exception):
    """A rule of the product said no. `code` is for programs, the message is a sentence for the reader.

    Pages answer it with `page_status`, the API with `api_status`.
    """

    code = "refused"
    page_status = 422
    api_status = 409
    retry_after: int | None = None  # seconds

    def __init__(self, message: LazyText, **facts: Any) -> None:
        super().__init__(message)
        self.message = message
        self.facts = facts


class Conflict(Refused):
    """Somebody changed the same thing first. `facts` holds what stands there now."""

    code = "conflict"
    page_status = 409
    api_status = 412


class NotAllowed(Refused):
    """The person may see this, but their role may not do it."""

    code = "not_allowed"
    page_status = api_status = 403


class TooOften(Refused):
    """It was done too often just now; again after `wait` seconds."""

    code = "too_often"
    page_status = api_status = 429

    def __init__(self, message: LazyText, wait: float) -> None:
        super().__init__(message)
        self.retry_after = int(wait) + 1
