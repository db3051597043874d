"""What a browser at seq N needs to reach the latest: frames of ops, drawn once for all who need them.

A frame is `{"epoch", "seq", "ops": [...]}`. An op is state, not instruction: `put` (element id,
version, parent, rank, html), `drop` (id) or `reload`. A browser puts an element where its rank
sorts among its siblings and ignores a version it already has, so frames may be lost, doubled,
reordered or coalesced and every browser still ends up the same.
"""

import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable
from typing import NotRequired, TypedDict

from channels.layers import get_channel_layer
from django.utils import translation

from apps.accounts.models import User
from apps.projects.models import Event, Project
from apps.projects.realtime.single_flight import Once

log = logging.getLogger(__name__)
FURTHEST_BEHIND = 500


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
    by: NotRequired[dict]
    audience: NotRequired[int]
    task: NotRequired[int]
    calls: NotRequired[list[int]]


LEFT = Op(op="left")  # somebody is no member any more: for whoever sends frames, pages do nothing about it
Drawer = Callable[[Project, list[Event], int | None], Iterable[Op]]
_drawers: list[tuple[str, Drawer]] = []


def draws(prefix: str, drawer: Drawer) -> None:
    """Have `drawer(project, events, open_task)` make the ops for events whose kind starts with `prefix`.

    It is called once per range, language and open task, with that language active, and gets all
    events of the range that any of its prefixes match. Call this in `AppConfig.ready()`.
    """
    _drawers.append((prefix, drawer))


def group_of(project_id: int) -> str:
    return f"project-{project_id}"


def poke(project_id: int, seq: int) -> None:
    """Tell every web process that the project's log has grown. Never waits, never raises.

    A lost poke costs seconds: the heartbeat carries the head number.
    """
    _send_later(project_id, {"type": "poke", "seq": seq})


def whisper(project_id: int, word: dict, *, only: int | None = None, but: int | None = None) -> None:
    """Pass `word` on to whoever has the project open: to all, `only` to one person, or `but` to one.

    It is kept nowhere: who is not there, or cannot be reached just now, never hears it.
    """
    _send_later(project_id, {"type": "whisper", "word": word, "only": only, "but": but})


def _send_later(project_id: int, message: dict) -> None:
    asyncio.run_coroutine_threadsafe(_send(project_id, message), _poking_loop())


async def _send(project_id: int, message: dict) -> None:
    try:
        await get_channel_layer().group_send(group_of(project_id), message)
    except Exception as error:  # whatever the client library raises: Redis may be gone
        log.warning("A word to browsers was lost", extra={"project": project_id, "error": repr(error)})


# What a browser may say, besides what the socket itself understands.
Hearer = Callable[[int, User, dict], None]
_hearers: dict[str, tuple[Callable[[dict], bool], Hearer]] = {}


def hears(kind: str, is_well: Callable[[dict], bool], hearer: Hearer) -> None:
    """Have `hearer(project, user, message)` take messages of `kind` that `is_well`; it must not wait.

    Call this in `AppConfig.ready()`.
    """
    _hearers[kind] = (is_well, hearer)


def kinds_heard() -> set[str]:
    return set(_hearers)


def understands(message: dict) -> bool:
    is_well, _hearer = _hearers.get(message.get("type"), (None, None))
    return is_well is not None and is_well(message)


def hear(project_id: int, user: User, message: dict) -> None:
    _hearers[message["type"]][1](project_id, user, message)


_loop: asyncio.AbstractEventLoop | None = None
_loop_lock = threading.Lock()


def _poking_loop() -> asyncio.AbstractEventLoop:
    """One loop in a thread of its own, so that a request or a job need not wait for Redis."""
    global _loop
    with _loop_lock:
        if _loop is None:
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="poking", daemon=True).start()
    return _loop


def frame_since(project_id: int, since: int, *, language: str, epoch: str = "", open_task: int | None = None) -> dict:
    """The frame that takes a browser from `since` to the head of the project's log.

    Further behind than FURTHEST_BEHIND, ahead of the log, or of another epoch: one `reload` op.
    """
    project = Project.objects.get(pk=project_id)
    frame = {"epoch": str(project.epoch), "seq": project.last_seq, "ops": []}
    is_foreign = bool(epoch) and epoch != str(project.epoch)
    if is_foreign or not 0 <= project.last_seq - since <= FURTHEST_BEHIND:
        frame["ops"] = [{"op": "reload"}]
    elif project.last_seq > since:
        key = (project.pk, project.epoch, since, project.last_seq, language, open_task)
        frame["ops"] = _drawings.get(key, lambda: _ops_between(project, since, language, open_task))
    return frame


# The latest ops of this process, each range drawn once: for the answer to a POST and for all sockets. What is
# drawn for a range can only be too new, never too old, so it is right for whoever asks later.
_drawings: Once[tuple, list[Op]] = Once(kept=32)


def _ops_between(project: Project, since: int, language: str, open_task: int | None) -> list[Op]:
    events = project.events.filter(seq__gt=since, seq__lte=project.last_seq).select_related("actor").order_by("seq")
    with translation.override(language):
        return ops_for(project, list(events), open_task)


def ops_for(project: Project, events: list[Event], open_task: int | None = None) -> list[Op]:
    """What `events` change on the page, drawn from the rows as they are now."""
    ops = []
    for drawer in dict.fromkeys(drawer for _, drawer in _drawers):
        prefixes = tuple(prefix for prefix, registered in _drawers if registered is drawer)
        if drawn := [event for event in events if event.kind.startswith(prefixes)]:
            ops.extend(drawer(project, drawn, open_task))
    return ops


def as_text(frame: dict) -> str:
    return json.dumps(frame, ensure_ascii=False, separators=(",", ":"))
