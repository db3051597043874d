"""A log line is a constant message; the facts given in `extra` follow as key=value."""

import logging

from apps.rest.secret_paths import without_secrets

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class FactsFormatter(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        """Django's own messages name the path, and an error may say anything: the finished line is looked at."""
        return without_secrets(super().format(record))

    def formatMessage(self, record: logging.LogRecord) -> str:
        given = {key: value for key, value in vars(record).items() if key not in STANDARD}
        if request := given.pop("request", None):  # Django's own lines; a query may hold a code or a token
            given["path"] = getattr(request, "path", "")
        facts = " ".join(f"{key}={value!r}" for key, value in given.items())
        return f"{super().formatMessage(record)} {facts}".rstrip()
