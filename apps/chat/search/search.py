"""Finding messages: by words or parts of them, and by author, room and date.

`rope from:ana in:quay after:2026-11-01` are messages that have rope in them, by Ana in the room
Quay since the first of November.
"""

import re
from datetime import date, datetime, time

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.chat.messages import history
from apps.chat.messages.handles import handle_of
from apps.chat.models import WORDS, Message
from apps.errors import Refused
from apps.names import isolate
from apps.projects.models import Project

MAX_QUERY_LENGTH = 500
TRIGRAM = 3  # characters of the shortest word that the index finds within others
RECENT = 20_000  # messages
FILTER = re.compile(r'(?<!\S)(from|in|has|after|before):("[^"]*"|\S+)', re.IGNORECASE)


class NotUnderstood(Refused):
    code = "invalid"
    api_status = 400


def search(project: Project, query: str, *, before: int | None = None) -> tuple[list[int], int | None]:
    """The keys of a page of messages that `query` means, the latest first, and what to ask before for more.

    Looking at them marks nothing read. Raises NotUnderstood, with a sentence about the part that is wrong.
    """
    query = query[:MAX_QUERY_LENGTH]
    words = re.findall(r"\w+", FILTER.sub(" ", query))
    if not words and not FILTER.search(query):
        raise NotUnderstood(_("Write what you look for."))
    found = Message.objects.not_deleted().filter(_filters_of(project, query))
    if before:
        found = found.filter(pk__lt=before)
    keys = _page(_recent(found, words, before)) if words else []
    if len(keys) <= history.PAGE:
        keys = _page(found.alias(words=WORDS).filter(*map(_has, words)))
    return keys[: history.PAGE], keys[history.PAGE - 1] if len(keys) > history.PAGE else None


def _page(found: QuerySet[Message]) -> list[int]:
    """One more than fit on it, if there are more."""
    return list(found.order_by("-pk").values_list("pk", flat=True)[: history.PAGE + 1])


def _recent(found: QuerySet[Message], words: list[str], before: int | None) -> QuerySet[Message]:
    """Those among the last RECENT messages, read one by one.

    What is written often fills a page from them. An index would bring up every message that has it, to sort them.
    """
    end = before or Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
    recent = found.filter(pk__gte=end - RECENT)
    for word in words:
        recent = recent.filter(text__iregex=word if len(word) >= TRIGRAM else rf"\m{word}")
    return recent


def _filters_of(project: Project, query: str) -> Q:
    """Messages of `project` that are by whom, where and from when `query` says."""
    meant = Q(room__in=list(project.rooms.values_list("pk", flat=True)), system_message__isnull=True)
    for kind, value in FILTER.findall(query):
        meant &= _FILTERS[kind.lower()](project, value.strip('"'))
    return meant


def _has(word: str) -> Q:
    """A part of a word is found by its trigrams; what is too short to have one, as the beginning of a word."""
    if len(word) >= TRIGRAM:
        return Q(text__icontains=word)
    return Q(words=SearchQuery(f"'{word}':*", config="simple", search_type="raw"))


def _from(project: Project, name: str) -> Q:
    """Members by handle or name, and former ones who wrote something."""
    handle = name.removeprefix("@")
    usernames = Q(username__iexact=handle) | Q(username__iexact=f"agent-{handle}")
    called = User.objects.filter(usernames | Q(name__iexact=handle))
    written = Message.objects.filter(author=OuterRef("pk"), room__project=project)
    known = called.filter(Q(memberships__project=project) | Exists(written)).distinct()
    found = [user.pk for user in known if handle.lower() in (handle_of(user).lower(), user.name.lower())]
    if not found:
        raise NotUnderstood(_("Nobody called {name} is in this project.").format(name=isolate(name)))
    return Q(author__in=found)


def _in(project: Project, name: str) -> Q:
    rooms = list(project.rooms.filter(name__iexact=name.removeprefix("#")).values_list("pk", flat=True))
    if not rooms:
        raise NotUnderstood(_("There is no room called {name}.").format(name=isolate(name)))
    return Q(room__in=rooms)


def _has_kind(project: Project, kind: str) -> Q:
    if kind.lower() not in ("file", "files"):
        raise NotUnderstood(_("Messages can be looked for that have a file: has:file."))
    return Q(has_files=True)


def _after(project: Project, value: str) -> Q:
    return Q(created_at__gte=_begin_of(value))


def _before(project: Project, value: str) -> Q:
    return Q(created_at__lt=_begin_of(value))


def _begin_of(value: str) -> datetime:
    """The first moment of a day, by the reader's clock."""
    try:
        day: date | None = parse_date(value)
    except ValueError:
        day = None
    if day is None:
        raise NotUnderstood(_("{given} is no day. Write it like 2026-11-23.").format(given=value))
    return timezone.make_aware(datetime.combine(day, time.min))


_FILTERS = {"from": _from, "in": _in, "has": _has_kind, "after": _after, "before": _before}
