"""The event log of a project. Callers say `events.record(…)` and `events.subscribe(…)`."""

from apps.projects.events.log import Handler, announce, handlers_of, record, subscribe, subscribe_within

__all__ = ["Handler", "announce", "handlers_of", "record", "subscribe", "subscribe_within"]
