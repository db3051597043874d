"""Finding messages: by words or parts of them, and by author, room and date.

`rope from:ana in:quay after:2026-11-01` are messages that have rope in them, by Ana in the room
Quay since the first of November.
"""

import re
from datetime import date, datetime, time

from django.contrib.postgres.search import SearchQuery
from django.db.models import Exists, Max, OuterRef, Q, QuerySet, TextField, Value
from django.db.models.functions import Cast
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from apps import words
from apps.accounts.models import User
from apps.chat.messages import history
from apps.chat.messages.handles import Handles, handle_of
from apps.chat.models import WORD_BEGINNINGS, Message
from apps.errors import Refused
from apps.max_length import too_long
from apps.names import isolate
from apps.projects.models import Project

MAX_QUERY_LENGTH = 500
RECENT = 20_000  # messages
FILTER = re.compile(r'(?<!\S)(from|in|has|after|before):("[^"]*"|\S+)', re.IGNORECASE)


class NotUnderstood(Refused):
    code = "invalid"
    api_status = 400


def search(project: Project, query: str, *, before: int | None = None) -> tuple[list[int], int | None]:
    """The keys of a page of messages that `query` means, the latest first, and what to ask before for more.

    Looking at them marks nothing read. Raises NotUnderstood, with a sentence about the part that is wrong.
    """
    if len(query) > MAX_QUERY_LENGTH:
        raise NotUnderstood(too_long(len(query), MAX_QUERY_LENGTH))
    terms = words.terms_of(_folded(project, FILTER.sub(" ", query)))
    if not terms and not FILTER.search(query):
        raise NotUnderstood(_("Write what you look for."))
    found = Message.objects.not_deleted().filter(_filters_of(project, query))
    if before:
        found = found.filter(pk__lt=before)
    keys = _page(_recent(found, before).filter(*map(_has, terms))) if terms else []
    if len(keys) <= history.PAGE:
        beginnings = [_begins(term) for term in terms if words.is_short(term)]
        keys = _page(found.alias(beginnings=WORD_BEGINNINGS).filter(*map(_has, terms), *beginnings))
    return keys[: history.PAGE], keys[history.PAGE - 1] if len(keys) > history.PAGE else None


def _folded(project: Project, text: str) -> str:
    """`text` as the database folds it, to find what it has folded."""
    value = Cast(Value(text), TextField())
    return str(Project.objects.filter(pk=project.pk).values_list(words.folded(value), flat=True).get())


def _page(found: QuerySet[Message]) -> list[int]:
    """One more than fit on it, if there are more."""
    return list(found.order_by("-pk").values_list("pk", flat=True)[: history.PAGE + 1])


def _recent(found: QuerySet[Message], before: int | None) -> QuerySet[Message]:
    """Those among the last RECENT messages, read one by one.

    What is written often fills a page from them. An index would bring up every message that has it, to sort them.
    """
    end = before or Message.objects.aggregate(newest=Max("pk"))["newest"] or 0
    return found.filter(pk__gte=end - RECENT)


def _has(term: str) -> Q:
    """What decides, however the messages are come by: a part of the text, or the beginning of a word of it."""
    if words.is_short(term):
        return Q(search_text__regex=f"(^|{words.BREAK}){term}")
    return Q(search_text__contains=term)


def _begins(term: str) -> Q:
    """The same as an index knows it."""
    return Q(beginnings=SearchQuery(f"'{term}':*", config="simple", search_type="raw"))


def _filters_of(project: Project, query: str) -> Q:
    """Messages of `project` that are by whom, where and from when `query` says."""
    meant = Q(room__in=list(project.rooms.values_list("pk", flat=True)), system_message__isnull=True)
    for kind, value in FILTER.findall(query):
        meant &= _FILTERS[kind.lower()](project, value.strip('"'))
    return meant


def _from(project: Project, name: str) -> Q:
    """Members by handle or name, and former ones who wrote something."""
    handle = name.removeprefix("@")
    members = list(project.members.all())
    written = Message.objects.filter(author=OuterRef("pk"), room__project=project)
    former = User.objects.filter(
        Q(username__iexact=handle) | Q(username__iexact=f"agent-{handle}") | Q(name__iexact=handle)
    )
    known = {*members, *former.filter(Exists(written))}
    wanted = words.fold(handle)
    found = [user.pk for user in known if wanted in (words.fold(handle_of(user)), words.fold(user.name))]
    if member := Handles(members).get(handle):
        found.append(member.pk)
    if not found:
        raise NotUnderstood(_("No member of this project is called {name}.").format(name=isolate(name)))
    return Q(author__in=found)


def _in(project: Project, name: str) -> Q:
    wanted = words.fold(name.removeprefix("#"))
    rooms = [pk for pk, called in project.rooms.values_list("pk", "name") if words.fold(called) == wanted]
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
