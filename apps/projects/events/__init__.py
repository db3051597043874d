"""The event log of a project. Callers say `events.record(…)` and `events.register_subscriber(…)`."""

from apps.projects.events.log import (
    Handler,
    record,
    register_subscriber,
    register_subscriber_in_transaction,
    subscribers_of,
)

__all__ = [
    "Handler",
    "record",
    "register_subscriber",
    "register_subscriber_in_transaction",
    "subscribers_of",
]
