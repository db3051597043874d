"""What a browser at seq N needs to reach the latest: frames of ops, rendered once for all who need them.

A frame is `{"epoch", "seq", "ops": [...]}`. An op is state, not instruction: `put` (element id,
version, parent, rank, html), `drop` (id) or `reload`. A browser puts an element where its rank
sorts among its siblings and ignores a version it already has, so frames may be lost, doubled,
reordered or coalesced and every browser still ends up the same.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NotRequired, TypedDict

from channels.layers import get_channel_layer
from django.db import InterfaceError, OperationalError
from django.db.models import QuerySet
from django.utils import translation

from apps.accounts.models import User
from apps.projects.models import Event, Project
from apps.projects.realtime.single_flight import SingleFlight
from apps.sql.compiled import compiled

log = logging.getLogger(__name__)
MAX_EVENTS_BEHIND = 500
SEND_SECONDS = 2  # what waits longer for Redis is lost, and the heartbeat tells
OUTAGES = (OperationalError, InterfaceError)  # of the database: nothing is wrong with what was to be rendered


class Op(TypedDict):
    """One element's state. `audience` is the primary key of the open task it is for; absent: everybody.

    A `chip` is what every place that names the `task` says of it. `calls` are the keys of those whom a message
    mentions for the first time within the frame: what only looks different since calls nobody again.
    """

    op: str
    id: NotRequired[str]
    parent: NotRequired[str]
    rank: NotRequired[str]
    html: NotRequired[str]
    by: NotRequired[dict[str, Any]]
    audience: NotRequired[int]
    task: NotRequired[int]
    calls: NotRequired[list[int]]


MEMBER_LEFT = Op(op="left")  # somebody is no member any more: for whoever sends frames, pages do nothing about it
FrameRenderer = Callable[[Project, list[Event], int | None], Iterable[Op]]
_renderers: list[tuple[str, FrameRenderer]] = []


def register_frame_renderer(prefix: str, renderer: FrameRenderer) -> None:
    """Have `renderer(project, events, open_task)` make the ops for events whose kind starts with `prefix`.

    It is called once per range, language and open task, with that language active, and gets all
    events of the range that any of its prefixes match. Call this in `AppConfig.ready()`.
    """
    _renderers.append((prefix, renderer))


def group_of(project_id: int) -> str:
    return f"project-{project_id}"


def notify(project_id: int) -> None:
    """Tell every web process that the project's log has grown. Never waits, never raises.

    A lost notification costs seconds: the heartbeat carries the head number.
    """
    _send_later(project_id, {"type": "notify"})


def send_ephemeral(
    project_id: int, message: dict[str, Any], *, only_user: int | None = None, except_user: int | None = None
) -> None:
    """Send `message` to whoever has the project open: to all, to the `only_user`, or to all but the `except_user`.

    It is stored nowhere: who is not connected, or cannot be reached just now, never gets it.
    """
    targets = {"only_user": only_user, "except_user": except_user}
    _send_later(project_id, {"type": "ephemeral", "message": message, **targets})


def _send_later(project_id: int, message: dict[str, Any]) -> None:
    asyncio.run_coroutine_threadsafe(_send(project_id, message), _background_loop())


async def _send(project_id: int, message: dict[str, Any]) -> None:
    try:
        async with asyncio.timeout(SEND_SECONDS):
            await get_channel_layer().group_send(group_of(project_id), message)
    except Exception as error:  # whatever the client library raises: Redis may be gone
        log.warning("A message to browsers was lost", extra={"project": project_id, "error": repr(error)})


# What a browser may send, besides what the socket itself understands.
Subscriber = Callable[[int, User, dict[str, Any]], None]
_subscribers: dict[str, tuple[Callable[[dict[str, Any]], bool], Subscriber]] = {}


def register_ephemeral_message(kind: str, is_valid: Callable[[dict[str, Any]], bool], subscriber: Subscriber) -> None:
    """Have `subscriber(project, user, message)` take messages of `kind` that `is_valid`; it must not wait.

    Call this in `AppConfig.ready()`.
    """
    _subscribers[kind] = (is_valid, subscriber)


def ephemeral_kinds() -> set[str]:
    return set(_subscribers)


def is_ephemeral(message: dict[str, Any]) -> bool:
    kind = message.get("type")
    return isinstance(kind, str) and kind in _subscribers and _subscribers[kind][0](message)


def deliver_ephemeral(project_id: int, user: User, message: dict[str, Any]) -> None:
    _subscribers[message["type"]][1](project_id, user, message)


_loop: asyncio.AbstractEventLoop | None = None
_loop_lock = threading.Lock()


def _background_loop() -> asyncio.AbstractEventLoop:
    """One loop in a thread of its own, so that a request or a job need not wait for Redis."""
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="notifications", daemon=True).start()
    return _loop


def frame_since(
    project_id: int,
    since: int,
    *,
    language: str,
    epoch: str = "",
    open_task: int | None = None,
    changed: Project | None = None,
) -> dict[str, Any]:
    """The frame that takes a browser from `since` to the head of the project's log.

    `changed` is the project as a change left it that has just committed: when nothing else came since, its
    events are at hand, and the frame ends with them. Further behind than MAX_EVENTS_BEHIND, ahead of the log,
    or of another epoch: one `reload` op.
    """
    project, events = _at_hand(changed, since) or _log_since(project_id, since)
    frame = {"epoch": str(project.epoch), "seq": project.last_seq, "ops": []}
    is_foreign = bool(epoch) and epoch != str(project.epoch)
    if is_foreign or not 0 <= project.last_seq - since <= MAX_EVENTS_BEHIND:
        frame["ops"] = [{"op": "reload"}]
    elif project.last_seq > since:
        key = (project.pk, project.epoch, since, project.last_seq, language, open_task)
        frame["ops"] = _ops_cache.get(key, lambda: _ops_of(project, events, language, open_task))
    return frame


def _at_hand(changed: Project | None, since: int) -> tuple[Project, Sequence[Event]] | None:
    """The same as `_log_since` reads, from the change itself; None when others came in between."""
    if changed and changed.recorded and changed.recorded[0].seq == since + 1:  # no other event is within a change
        return changed, changed.recorded
    return None


def _log_since(project_id: int, since: int) -> tuple[Project, Sequence[Event]]:
    """The project at the head of its log, and what came after `since`: by one statement when anything did."""
    if events := _events_since.all(project=project_id, since=since, most=since + MAX_EVENTS_BEHIND):
        return events[0].project, events
    project = _project.first(pk=project_id)
    if project is None:
        raise Project.DoesNotExist(f"There is no project {project_id}.")
    if 0 < project.last_seq - since <= MAX_EVENTS_BEHIND:  # it came between the two
        events = _events_until.all(project=project_id, since=since, head=project.last_seq)
    return project, events


# The latest ops of this process, each range rendered once: for the answer to a POST and for all sockets. What is
# rendered for a range can only be too new, never too old, so it is right for whoever asks later.
_ops_cache: SingleFlight[tuple[Any, ...], list[Op]] = SingleFlight(max_size=32)


def _ops_of(project: Project, events: Sequence[Event], language: str, open_task: int | None) -> list[Op]:
    with translation.override(language):
        return ops_for(project, list(events), open_task)


@compiled
def _project(pk: int) -> QuerySet[Project]:
    return Project.objects.filter(pk=pk)


def _in_order(events: QuerySet[Event]) -> QuerySet[Event]:
    return events.select_related("actor", "project").order_by("seq")


@compiled
def _events_since(project: int, since: int, most: int) -> QuerySet[Event]:
    """None at all when the head is beyond `most`."""
    return _in_order(Event.objects.filter(project=project, seq__gt=since, project__last_seq__lte=most))


@compiled
def _events_until(project: int, since: int, head: int) -> QuerySet[Event]:
    return _in_order(Event.objects.filter(project=project, seq__gt=since, seq__lte=head))


def ops_for(project: Project, events: list[Event], open_task: int | None = None) -> list[Op]:
    """What `events` change on the page, rendered from the rows as they are now."""
    ops: list[Op] = []
    for renderer in dict.fromkeys(renderer for _, renderer in _renderers):
        prefixes = tuple(prefix for prefix, registered in _renderers if registered is renderer)
        if matching := [event for event in events if event.kind.startswith(prefixes)]:
            ops.extend(_rendered(renderer, project, matching, open_task))
    return ops


def _rendered(renderer: FrameRenderer, project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What `renderer` makes of `events`; what of them it can't render is left out, and alone.

    An outage of the database is raised: then all of it is rendered again, later.
    """
    try:
        return list(renderer(project, events, open_task))
    except OUTAGES:
        raise
    except Exception:
        if len(events) > 1:
            return [op for event in events for op in _rendered(renderer, project, [event], open_task)]
        log.exception("A change could not be rendered", extra={"project": project.pk, "seq": events[0].seq})
        return []


def to_json(frame: dict[str, Any]) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
