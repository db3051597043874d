"""Rendering messages once for everybody, without regard to the viewer, by a fixed number of statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Set
from types import MappingProxyType
from typing import Any, NamedTuple

from django.db.models import Prefetch, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe
from django.utils.translation import get_language

from apps.chat.attachments import attachments
from apps.chat.link_previews import previews as link_previews
from apps.chat.messages import parse
from apps.chat.models import Attachment, LinkPreview, Message, Reaction, TaskReference
from apps.chat.rooms import system_messages
from apps.projects.models import Event, Project
from apps.projects.realtime.frames import Op
from apps.projects.realtime.single_flight import SingleFlight
from apps.sql.statements import Statement
from apps.tasks.board import cards
from apps.tasks.models import Task

FooterRenderer = Callable[[list[Message]], dict[int, str]]
_footer_renderers: list[FooterRenderer] = []


def register_message_footer(renderer: FooterRenderer) -> None:
    """Have `renderer(messages)` make what stands under messages: HTML by id. Call this in `AppConfig.ready()`."""
    _footer_renderers.append(renderer)


def with_author_and_original(messages: QuerySet[Message]) -> QuerySet[Message]:
    """With who wrote them and what they answer; the manager defers nothing of a row that another brings along."""
    return messages.select_related("author", "reply_to__author").defer("reply_to__search_text")


def with_related(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Bring along what drawing every one of them asks for."""
    messages = with_author_and_original(messages).select_related("room__project", "pin")
    return messages.prefetch_related(Prefetch("reactions", Reaction.objects.order_by("pk")))


def render_messages(messages: Iterable[Message]) -> dict[int, str]:
    """The HTML of each of `messages`, which were fetched `with_related`, in the language that is active."""
    messages = list(messages)
    tasks, previews, files = (
        _referenced_tasks(messages),
        link_previews.previews_of(messages),
        attachments.files_of(messages),
    )
    footers: dict[int, list[str]] = defaultdict(list)
    for renderer in _footer_renderers if messages else ():
        for pk, html in renderer(messages).items():
            footers[pk].append(html)
    return {
        message.pk: _render(
            message,
            key=message.room.project.key,
            tasks=tasks[message.pk],
            files=files.get(message.pk, ()),
            previews=previews.get(message.pk, ()),
            reactions=_reactions_to(message),
            is_pinned=hasattr(message, "pin"),
            footer=mark_safe("".join(footers[message.pk])),  # noqa: S308 - rendered by templates
        )
        for message in messages
    }


def _render_new(project: Project, messages: list[Message]) -> dict[int, str]:
    """The same before anything has come to them: reactions, previews and what stands below have their own events."""
    tasks, files = _referenced_tasks(messages), attachments.files_of(messages)
    return {
        message.pk: _render(message, key=project.key, tasks=tasks[message.pk], files=files.get(message.pk, ()))
        for message in messages
    }


def _referenced_tasks(messages: list[Message]) -> dict[int, list[Task]]:
    """By message; most name none, and nothing is queried for them."""
    naming = [message.pk for message in messages if message.system_message or parse.has_chips(message.html)]
    found: dict[int, list[Task]] = defaultdict(list)
    if naming:
        task_references = TaskReference.objects.filter(message__in=naming).select_related(
            "task__project", "task__column"
        )
        for named in task_references.order_by("task"):
            found[named.message_id].append(named.task)
    return found


def _reactions_to(message: Message) -> dict[str, list[int]]:
    reactions: dict[str, list[int]] = {}
    for reaction in message.reactions.all():
        reactions.setdefault(reaction.emoji, []).append(reaction.user_id)
    return reactions


def _render(
    message: Message,
    *,
    key: str,
    tasks: list[Task],
    files: Iterable[Attachment],
    previews: Iterable[LinkPreview] = (),
    reactions: Mapping[str, list[int]] = MappingProxyType({}),
    is_pinned: bool = False,
    footer: str = "",
) -> str:
    context = {
        "message": message,
        "html": parse.refresh_chips(message.html, tasks),
        "system_sentence": system_messages.sentence_of(message.system_message) if message.system_message else "",
        "who": author_of(message),
        "mentions": parse.mentioned_ids(message.html),
        "project_key": key,
        "tasks": tasks,
        "files": files,
        "previews": previews,
        "reactions": reactions.items(),
        "is_pinned": is_pinned,
        "footer": footer,
    }
    return mark_safe(render_to_string("chat/messages/_message.html", context))  # noqa: S308


def author_of(message: Message) -> cards.UserSummary | None:
    return cards.user_summary(message.author) if message.author else None


def rank_of(pk: int) -> str:
    return f"{pk:020}"


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What events change of messages."""
    posted = _only_posted(events)
    touched = (messages_in(events) | _replies_to_changed(events)) - posted.keys()
    messages = [*_posted_ops(project, posted), *_current_ops(touched, _newly_mentioned(events))]
    return sorted(messages, key=_order)


def _order(op: Op) -> str:
    """Puts in the order of the room, so that whoever counts meets the older first; then what goes."""
    return op.get("rank", "~")


def _only_posted(events: list[Event]) -> dict[int, Event]:
    """The messages that were posted, with which nothing else has happened within `events`."""
    posted = {event.payload["message"]: event for event in events if event.kind == "message.posted"}
    others = [event for event in events if event.kind != "message.posted"]
    since_changed = (messages_in(others) | _replies_to_changed(others)) if others else set()
    return {pk: event for pk, event in posted.items() if pk not in since_changed}


# Messages as they were posted, by the event that says so: however far behind each of many browsers is when many talk
# at once, each message is rendered once.
_rendered_once: SingleFlight[tuple[Any, ...], Op] = SingleFlight(max_size=64)


def _posted_ops(project: Project, posted: dict[int, Event]) -> list[Op]:
    language = get_language()
    events = {(project.pk, project.epoch, event.seq, language): event for event in posted.values()}

    def render(mine: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], Op]:
        keys = {events[key].payload["message"]: key for key in mine}
        messages = Message.objects.not_deleted().filter(pk__in=keys)
        found = list(with_author_and_original(messages))
        html = _render_new(project, found)
        ops = _ops(found, html, keys.keys(), _newly_mentioned(events[key] for key in mine))
        return {keys[pk]: op for pk, op in ops.items()}

    return list(_rendered_once.all(events, render).values())


def _current_ops(messages: set[int], mentioned: dict[int, set[int]]) -> Iterable[Op]:
    """Messages as they are now; those that are gone are dropped."""
    found = list(with_related(Message.objects.not_deleted().filter(pk__in=messages))) if messages else []
    return _ops(found, render_messages(found), messages, mentioned).values()


def _ops(found: list[Message], html: dict[int, str], keys: Set[int], mentioned: dict[int, set[int]]) -> dict[int, Op]:
    ops = {
        message.pk: Op(
            op="put",
            id=id_of(message.pk),
            parent=f"room-{message.room_id}",
            rank=rank_of(message.pk),
            html=html[message.pk],
            calls=sorted(mentioned[message.pk]),
        )
        for message in found
    }
    return ops | {pk: Op(op="drop", id=id_of(pk)) for pk in sorted(keys - ops.keys())}


def id_of(pk: int) -> str:
    """The id of a message's element."""
    return f"message-{pk}"


def messages_in(events: list[Event]) -> set[int]:
    """The messages that events are about or name besides."""
    return {pk for event in events for pk in (event.payload.get("message"), *event.payload.get("messages", ())) if pk}


def _newly_mentioned(events: Iterable[Event]) -> dict[int, set[int]]:
    """By message: whom it mentions for the first time, when it was posted or edited."""
    mentioned: dict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.kind in ("message.posted", "message.edited"):
            mentioned[event.payload["message"]].update(event.payload.get("mentions", ()))
    return mentioned


def _replies_to_changed(events: list[Event]) -> set[int]:
    """The answers to messages that say something else now, or nothing any more."""
    changed = messages_in([event for event in events if event.kind in ("message.edited", "message.deleted")])
    answers = Message.objects.not_deleted().filter(reply_to__in=changed).values_list("pk", flat=True) if changed else ()
    return set(answers)


class NamedTask(NamedTuple):
    """A task that some message names."""

    task: int


_NAMED = Statement(
    NamedTask, "SELECT DISTINCT task_id AS task FROM chat_taskreference WHERE task_id = ANY(%(tasks)s::bigint[])"
)


def chip_ops(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What events of tasks change in messages: one op for each task that any message names, however many do."""
    changed = cards.tasks_in(events)
    if not changed:
        return []
    named = [row.task for row in _NAMED.all(tasks=list(changed))]
    tasks = Task.objects.filter(pk__in=named).select_related("project", "column") if named else ()
    return [Op(op="chip", task=task.pk, html=parse.chip_html(task)) for task in tasks]
