"""How long a project keeps its messages; older ones are deleted, some at a time."""

from collections.abc import Callable
from datetime import timedelta

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.translation import ngettext

from apps.accounts.models import User
from apps.chat.messages.actions.post import post_system_message
from apps.chat.models import Message, RoomRetention
from apps.projects import events
from apps.projects.changes import locked_for_change
from apps.projects.models import Project
from apps.projects.permissions import Action

BATCH = 500  # messages that are deleted under one lock of their project
Exclude = Callable[[QuerySet[Message]], QuerySet[Message]]
_exceptions: list[Exclude] = []


def register_retention_exception(exclude: Exclude) -> None:
    """Have `exclude(messages)` leave out those that must stay, however old. Call this in `AppConfig.ready()`."""
    _exceptions.append(exclude)


def days_of(project: Project) -> int | None:
    """For how many days it keeps messages; None: for ever."""
    return RoomRetention.objects.filter(project=project).values_list("days", flat=True).first()


def set_days(project: Project, *, days: int | None, by: User) -> None:
    """Have messages deleted when they are `days` old, or never when None; log `retention.changed` and say so."""
    with locked_for_change(project, by=by, needs=Action.MANAGE) as project:
        before = days_of(project)
        if days == before:
            return
        if days is None:
            RoomRetention.objects.filter(project=project).delete()
        else:
            RoomRetention.objects.update_or_create(project=project, defaults={"days": days})
        events.record(project, "retention.changed", by=by, days=days, before=before)
        room = project.rooms.get(is_default=True)
        post_system_message(room, "retention.changed", actor=by, name=str(by), days=days or 0)


def retention_sentence(days: int) -> str:
    """What keeping messages for `days` means, as a sentence for people."""
    sentence = ngettext("Messages older than {n} day are deleted.", "Messages older than {n} days are deleted.", days)
    return sentence.format(n=days)


def expired(project: Project, days: int) -> QuerySet[Message]:
    """What is too old, were messages kept for `days`."""
    old: QuerySet[Message] = Message.objects.filter(
        room__in=project.rooms.values("pk"), created_at__lt=Now() - timedelta(days=days)
    )
    for exclude in _exceptions:
        old = exclude(old)
    return old


def delete_expired(project: Project) -> bool:
    """Delete the oldest of what is too old, with all that hangs on it; log `message.expired`. True: there may be more.

    Read marks stay, and so does what is unread behind them: both only know keys.
    """
    with locked_for_change(project) as project:
        days = days_of(project)
        if days is None:
            return False
        keys = list(expired(project, days).order_by("pk").values_list("pk", flat=True)[:BATCH])
        if keys:
            answers = Message.objects.not_deleted().filter(reply_to__in=keys).exclude(pk__in=keys)
            changed = [*keys, *answers.values_list("pk", flat=True)]
            Message.objects.filter(pk__in=keys).delete()
            events.record(project, "message.expired", by=None, messages=changed, count=len(keys))
        return len(keys) == BATCH
