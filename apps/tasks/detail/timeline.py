"""What happened to one task: its events and comments in one line of time."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps import names
from apps.accounts.models import User
from apps.projects.models import Event
from apps.projects.realtime.frames import Op
from apps.tasks.board import cards
from apps.tasks.code import automation
from apps.tasks.models import CodeLink, Comment, Task

log = logging.getLogger(__name__)
PAGE = 50  # entries that come at once, the latest first to be read

# What an event says after its actor's name, and the icon before it. Apps above add their own kinds.
Sentence = Callable[[dict[str, Any]], str]
_entry_kinds: dict[str, tuple[str, Sentence]] = {}


def register_timeline_entry(kind: str, icon: str, sentence: Sentence) -> None:
    """Have events of `kind` shown as `icon`, actor and `sentence(payload)`; other kinds are not shown.

    Call this in `AppConfig.ready()`.
    """
    _entry_kinds[kind] = (icon, sentence)


CommentFooter = Callable[[list[Comment]], dict[int, str]]
_comment_footers: list[CommentFooter] = []


def register_comment_footer(renderer: CommentFooter) -> None:
    """Have `renderer(comments)` make what stands under comments: HTML by id. Call this in `AppConfig.ready()`."""
    _comment_footers.append(renderer)


def _assigned(payload: dict[str, Any]) -> str:
    return _("assigned {name}.").format(**payload) if payload.get("to") else _("removed the assignee.")


FIELDS = {
    "title": lambda: _("the title"),
    "description": lambda: _("the description"),
    "priority": lambda: _("the priority"),
    "labels": lambda: _("the labels"),
}


def _edited(payload: dict[str, Any]) -> str:
    return _("changed {what}.").format(what=", ".join(FIELDS[name]() for name in payload["fields"]))


def _moved(payload: dict[str, Any]) -> str:
    if "reason" not in payload:
        return _("moved this from {0} to {1}.").format(*payload["names"])
    why = automation.reason_text(payload["reason"])
    return _("moved this from {0} to {1}, because {why}.").format(*payload["names"], why=why)


def _kept_open(payload: dict[str, Any]) -> str:
    """Why a card stays where it is that would have been closed."""
    sentence = ngettext(
        "left this where it is, though {why}: {n} subtask is still open.",
        "left this where it is, though {why}: {n} subtasks are still open.",
        payload["open_subtasks"],
    )
    return sentence.format(why=automation.reason_text(payload["reason"]), n=payload["open_subtasks"])


def _kept_done(payload: dict[str, Any]) -> str:
    """Why a card stays where it is that would have been opened."""
    why = automation.reason_text(payload["reason"])
    return _("left this where it is, though {why}: {parent}, which it is a part of, is done.").format(
        why=why, parent=payload["parent"]
    )


def _kept_for_review(payload: dict[str, Any]) -> str:
    why = automation.reason_text(payload["reason"])
    return _("left this where it is, though {why}: a result waits for a person.").format(why=why)


def _linked(payload: dict[str, Any], sentence: str) -> str:
    named = {
        CodeLink.Kind.BRANCH: _("the branch {ref}"),
        CodeLink.Kind.COMMIT: _("the commit {ref}"),
        CodeLink.Kind.PULL_REQUEST: _("pull request {ref}"),
    }
    ref = payload["ref"][:10] if payload["link"] == CodeLink.Kind.COMMIT else payload["ref"]
    return sentence.format(what=named[payload["link"]].format(ref=ref))


register_timeline_entry("task.created", "plus", lambda payload: _("created this task."))
register_timeline_entry("task.moved", "arrow-right", _moved)
register_timeline_entry("task.kept_open", "git-pull-request", _kept_open)
register_timeline_entry("task.kept_done", "git-pull-request", _kept_done)
register_timeline_entry("task.kept_for_review", "git-pull-request", _kept_for_review)
register_timeline_entry("task.linked", "link", lambda payload: _linked(payload, _("linked {what}.")))
register_timeline_entry("task.unlinked", "link", lambda payload: _linked(payload, _("removed the link to {what}.")))
register_timeline_entry("task.assigned", "user", _assigned)
register_timeline_entry("task.edited", "file-text", _edited)


@dataclass(frozen=True)
class Entry:
    """One thing that happened: a sentence about it, or the comment itself."""

    event: Event
    actor: cards.UserSummary | None
    icon: str = ""
    sentence: str = ""
    comment: Comment | None = None
    footer: str = ""  # of the comment, as HTML

    @property
    def html(self) -> str:
        return render_to_string("tasks/detail/_entry.html", {"entry": self})


def entries(task: Task, before: int | None = None) -> tuple[list[Entry], int | None]:
    """The latest PAGE entries, oldest first, of those before the number `before`.

    And the number to ask for older ones with, None when there are none.
    """
    earlier = _log(task).filter(seq__lt=before) if before else _log(task)
    found = list(earlier[: PAGE + 1])
    older = found[PAGE - 1].seq if len(found) > PAGE else None
    return entries_for(found[:PAGE][::-1]), older


def _log(task: Task) -> QuerySet[Event]:
    """What can be entries_for of the task, the latest first."""
    log = Event.objects.filter(project=task.project_id, task_id=task.pk, kind__in=[*_entry_kinds, "comment.created"])
    return log.select_related("actor").order_by("-seq")


def entries_for(events: list[Event]) -> list[Entry]:
    comments = Comment.objects.in_bulk([pk for event in events if (pk := _comment_of(event))])
    footers = _footers_of(list(comments.values()))
    return [entry for event in events if (entry := _entry(event, comments, footers))]


def _footers_of(comments: list[Comment]) -> dict[int, str]:
    found: dict[int, str] = {}
    for renderer in _comment_footers if comments else ():
        for pk, html in renderer(comments).items():
            found[pk] = found.get(pk, "") + html
    return found


def _entry(event: Event, comments: dict[int, Comment], footers: dict[int, str]) -> Entry | None:
    actor: User | None = event.actor
    who = cards.user_summary(actor) if actor else None
    if event.kind == "comment.created":
        comment = comments.get(_comment_of(event))
        return Entry(event, who, comment=comment, footer=footers.get(comment.pk, "")) if comment else None
    if event.kind not in _entry_kinds:
        return None
    icon, sentence = _entry_kinds[event.kind]
    try:
        text = sentence(names.isolated(event.payload))
    except Exception:  # one old entry that cannot be read hides neither the others nor the task
        log.exception("An event has no sentence", extra={"event": event.pk, "kind": event.kind})
        text = _("made a change that can no longer be described.")
    return Entry(event, who, icon=icon, sentence=text)


def _comment_of(event: Event) -> int:
    """The id of the comment that the event is about; 0 where its payload names none."""
    pk = event.payload.get("comment") if isinstance(event.payload, dict) else None
    return pk if isinstance(pk, int) and 0 < pk < 2**63 else 0


def ops_of(task: Task, events: list[Event]) -> list[Op]:
    """The open task's new entries, and those of people who look different now; their rank is their number."""
    own = [event for event in events if event.task_id == task.pk]
    if changed := cards.members_changed(events):
        own += [event for event in _log(task)[:PAGE] if event.actor_id in changed]
    return [
        Op(
            op="put",
            id=f"event-{entry.event.pk}",
            parent=f"timeline-{task.pk}",
            rank=rank_of(entry.event),
            html=entry.html,
            audience=task.pk,
        )
        for entry in entries_for(own)
    ]


def rank_of(event: Event) -> str:
    return f"{event.seq:012}"
