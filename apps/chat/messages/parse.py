"""Parsing a message: its Markdown as HTML, with the members it mentions and the tasks it names."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html import unescape

from django.template.loader import render_to_string
from django.utils.html import escape, strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps import names
from apps.accounts.models import User
from apps.chat.models import MESSAGE_LENGTH
from apps.errors import Refused
from apps.projects.models import Project
from apps.tasks import markdown
from apps.tasks.models import Task

MOST_MENTIONS = 50
MOST_MENTIONS_BY_AGENTS = 5  # the others of an agent's mentions are just words
MOST_TASKS = 50
MENTION = re.compile(r"(?<![\w@/.])@([\w.+-]{1,150})")
MENTIONED = re.compile(r'<span class="mention" data-user="(\d+)"')
CHIP = re.compile(r'(<a class="chip" data-task="(\d+)"[^>]*>)(.*?)</a>', re.DOTALL)
VISIBLE_ELEMENT = re.compile("<(hr|li)\\b")  # a line, a bullet: seen without words


class EmptyMessage(Refused):
    code = "invalid"
    api_status = 400


class TooLong(Refused):
    code = "too_large"
    page_status = api_status = 413


class TooManyMentions(Refused):
    code = "too_many_mentions"
    api_status = 400


@dataclass
class ParsedMessage:
    html: str
    mentioned: list[User] = field(default_factory=list)
    tasks: list[Task] = field(default_factory=list)


def parse(project: Project, text: str, *, by: User) -> ParsedMessage:
    """`text` as HTML, with whom of the project it mentions and which of its tasks it names.

    Raises EmptyMessage when nobody could see anything of it, TooLong, TooManyMentions.
    """
    _refuse_long(text)
    members = _members_by_handle(project) if "@" in text else {}
    tasks = _tasks(project, text)
    mentioned: dict[int, User] = {}

    def mark(piece: str) -> str:
        piece = MENTION.sub(lambda found: _mention(found[1], members, mentioned), escape(piece))
        return _key(project).sub(lambda found: _chip(found[0], tasks.get(int(found[1]))), piece)

    html = markdown.to_html(text, mark)
    _refuse_invisible(html)
    if len(mentioned) > MOST_MENTIONS:
        sentence = ngettext("Mention {n} person at most.", "Mention {n} people at most.", MOST_MENTIONS)
        raise TooManyMentions(sentence.format(n=MOST_MENTIONS))
    users = list(mentioned.values())
    return ParsedMessage(html, users[:MOST_MENTIONS_BY_AGENTS] if by.is_agent else users, list(tasks.values()))


def _refuse_long(text: str) -> None:
    if len(text) > MESSAGE_LENGTH:
        raise TooLong(too_long_sentence())


def too_long_sentence() -> str:
    return _("That is too long: {n} characters at most.").format(n=MESSAGE_LENGTH)


def _refuse_invisible(html: str) -> None:
    """What Markdown makes of the words decides: a link without text, or `&#8203;`, shows as little as a space."""
    if not VISIBLE_ELEMENT.search(html) and not any(map(names.is_visible, unescape(strip_tags(html)))):
        raise EmptyMessage(_("Write a few words first."))


def handle_of(user: User) -> str:
    """What somebody is mentioned by. An agent goes by its slug: @scribe."""
    return user.username.removeprefix("agent-") if user.is_agent else user.username


def _members_by_handle(project: Project) -> dict[str, User]:
    """The members by handle; where an agent's slug is a person's username, the person has it."""
    members = project.members.filter(is_active=True).order_by("kind")
    handles: dict[str, User] = {}
    for member in members:
        for name in (member.username, handle_of(member)):
            if member.is_agent:
                handles.setdefault(name.lower(), member)
            else:
                handles[name.lower()] = member
    return handles


def member_by_handle(project: Project, handle: str) -> User | None:
    return _members_by_handle(project).get(handle.lower())


def _mention(handle: str, members: dict[str, User], mentioned: dict[int, User]) -> str:
    """The mention of whoever goes by `handle`; a full stop after it is the sentence's."""
    name = handle.rstrip(".+-")
    user = members.get(handle.lower()) or members.get(name.lower())
    if user is None:
        return f"@{handle}"
    mentioned[user.pk] = user
    rest = "" if handle.lower() in members else handle[len(name) :]
    return f'<span class="mention" data-user="{user.pk}" dir="auto">@{escape(user)}</span>{rest}'


def _key(project: Project) -> re.Pattern[str]:
    return re.compile(rf"(?<![\w-]){project.key}-([1-9]\d{{0,8}})(?![\w-])")


def _tasks(project: Project, text: str) -> dict[int, Task]:
    """The first MOST_TASKS tasks that stand in `text`, by number."""
    numbers = list(dict.fromkeys(int(number) for number in _key(project).findall(text)))[:MOST_TASKS]
    found = project.tasks.filter(number__in=numbers).select_related("project", "column") if numbers else ()
    return {task.number: task for task in found}


def _chip(key: str, task: Task | None) -> str:
    """The task as a chip; a key that nothing has is just words."""
    if task is None:
        return key
    return f'<a class="chip" data-task="{task.pk}" href="{task.get_absolute_url()}">{chip_html(task)}</a>'


def chip_html(task: Task) -> str:
    return render_to_string("chat/messages/_chip.html", {"task": task}).strip()


def has_chips(html: str) -> bool:
    return CHIP.search(html) is not None


def refresh_chips(html: str, tasks: Iterable[Task]) -> str:
    """`html` of a message with its chips as the `tasks` are now."""
    chips = {str(task.pk): chip_html(task) for task in tasks}
    return CHIP.sub(lambda found: f"{found[1]}{chips.get(found[2], found[3])}</a>", html) if chips else html


def mentioned_ids(html: str) -> list[str]:
    """The primary keys of those whom `html` of a message mentions."""
    return MENTIONED.findall(html)
