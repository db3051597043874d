"""Messages as everybody sees them: drawn once, blind to who looks, by a fixed number of statements."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from django.db.models import Prefetch, QuerySet
from django.template.loader import render_to_string
from django.utils.safestring import mark_safe

from apps.chat import filing, previewing, telling, wording
from apps.chat.models import Attachment, LinkPreview, Message, NamedTask, Reaction
from apps.projects.live import Op
from apps.projects.models import Event, Project
from apps.tasks import faces
from apps.tasks.models import Task

Under = Callable[[list[Message]], dict[int, str]]
_under: list[Under] = []


def under(draw: Under) -> None:
    """Have `draw(messages)` say what stands under messages: HTML by primary key. Call this in `AppConfig.ready()`."""
    _under.append(draw)


def with_surroundings(messages: QuerySet[Message]) -> QuerySet[Message]:
    """Bring along what drawing every one of them asks for."""
    messages = messages.select_related("author", "room__project", "reply_to__author", "pin")
    return messages.prefetch_related(Prefetch("reactions", Reaction.objects.order_by("pk")))


def drawn(messages: Iterable[Message]) -> dict[int, str]:
    """The HTML of each of `messages`, which were fetched `with_surroundings`, in the language that is active."""
    messages = list(messages)
    tasks, previews, files = (
        _tasks_named_in(messages),
        previewing.shown_under(messages),
        filing.carried_by(messages),
    )
    lines: dict[int, list[str]] = defaultdict(list)
    for draw in _under if messages else ():
        for pk, html in draw(messages).items():
            lines[pk].append(html)
    return {
        message.pk: _drawn(
            message,
            tasks=tasks[message.pk],
            previews=previews.get(message.pk, ()),
            files=files.get(message.pk, ()),
            under=mark_safe("".join(lines[message.pk])),  # noqa: S308 - drawn by templates
        )
        for message in messages
    }


def _tasks_named_in(messages: list[Message]) -> dict[int, list[Task]]:
    """By message; most name none, and nothing is asked for them."""
    naming = [message.pk for message in messages if message.note or wording.has_chips(message.html)]
    found: dict[int, list[Task]] = defaultdict(list)
    if naming:
        named_tasks = NamedTask.objects.filter(message__in=naming).select_related("task__project", "task__column")
        for named in named_tasks.order_by("task"):
            found[named.message_id].append(named.task)
    return found


def _drawn(message: Message, *, tasks: list[Task], **besides: Iterable[LinkPreview | Attachment] | str) -> str:
    reactions: dict[str, list[int]] = {}
    for reaction in message.reactions.all():
        reactions.setdefault(reaction.emoji, []).append(reaction.user_id)
    context = {
        "message": message,
        "html": wording.refreshed(message.html, tasks),
        "told": telling.sentence_of(message.note) if message.note else "",
        "who": author_of(message),
        "mentions": wording.mentioned_in(message.html),
        "reactions": reactions.items(),
        "tasks": tasks,
        "is_pinned": hasattr(message, "pin"),
        "project_key": message.room.project.key,
    } | besides
    return mark_safe(render_to_string("chat/_message.html", context))  # noqa: S308


def author_of(message: Message) -> faces.Who | None:
    return faces.who(message.author) if message.author else None


def rank_of(pk: int) -> str:
    return f"{pk:020}"


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """What events change of messages, and of the tasks that messages name."""
    touched = messages_in(events) | _quoting(events)
    found = with_surroundings(Message.objects.standing().filter(pk__in=touched)) if touched else []
    html, called = drawn(found), _called(events)
    ops = [
        Op(
            op="put",
            id=f"message-{message.pk}",
            parent=f"room-{message.room_id}",
            rank=rank_of(message.pk),
            html=html[message.pk],
            calls=sorted(called[message.pk]),
        )
        for message in found
    ]
    ops += [Op(op="drop", id=f"message-{pk}") for pk in sorted(touched - html.keys())]
    return ops + _chips(events)


def messages_in(events: list[Event]) -> set[int]:
    """The messages that events are about or name besides."""
    return {pk for event in events for pk in (event.payload.get("message"), *event.payload.get("messages", ())) if pk}


def _called(events: list[Event]) -> dict[int, set[int]]:
    """By message: whom it mentions for the first time, when it was said or in other words."""
    called: dict[int, set[int]] = defaultdict(set)
    for event in events:
        if event.kind in ("message.posted", "message.edited"):
            called[event.payload["message"]].update(event.payload.get("mentions", ()))
    return called


def _quoting(events: list[Event]) -> set[int]:
    """The answers to messages that say something else now, or nothing any more."""
    changed = messages_in([event for event in events if event.kind in ("message.edited", "message.deleted")])
    answers = Message.objects.standing().filter(reply_to__in=changed).values_list("pk", flat=True) if changed else ()
    return set(answers)


def _chips(events: list[Event]) -> list[Op]:
    """One op for each task that any message names, however many do."""
    changed = faces.tasks_in([event for event in events if event.kind.startswith("task.")])
    named = Task.objects.filter(pk__in=changed, named_in__isnull=False).distinct() if changed else ()
    tasks = named.select_related("project", "column") if changed else ()
    return [Op(op="chip", task=task.pk, html=wording.chip_says(task)) for task in tasks]
