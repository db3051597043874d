"""Parsing a message: its Markdown as HTML, with the members it mentions and the tasks it names."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from html import unescape

from django.template.loader import render_to_string
from django.utils.html import escape, strip_tags
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps import names
from apps.accounts.models import User
from apps.chat.messages import handles
from apps.chat.models import MESSAGE_LENGTH
from apps.errors import Refused
from apps.max_length import too_long
from apps.projects.git.repositories.file_pages import file_page_in
from apps.projects.models import Project
from apps.tasks.markdown import to_html
from apps.tasks.markdown.marks import Marks
from apps.tasks.models import Task
from apps.words import CASED_LETTER

MOST_MENTIONS = 50
MOST_MENTIONS_BY_AGENTS = 5  # the others of an agent's mentions are just words
MOST_TASKS = 50
MENTION = re.compile(r'<span class="mention" data-user="(\d+)" dir="auto">(.*?)</span>')
MENTIONED = re.compile(r'<span class="mention" data-user="(\d+)"')
CHIP = re.compile(r'(<a class="chip" data-task="(\d+)"[^>]*>)(.*?)</a>', re.DOTALL)
_NO_KEYS = re.compile("(?!)")
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
    known = handles.named_in(project, [text]) if "@" in text else handles.Handles(())
    members: dict[str, User] = {}
    tasks: dict[int, Task] = {}

    def link(keys: list[str]) -> dict[str, str]:
        tasks.update(_tasks(project, keys))
        return {f"{project.key}-{number}": _chip(task) for number, task in tasks.items()}

    marks = Marks(_mentions(known, members), _pattern(project.key), link)
    html = to_html(text, marks, file_page=file_page_in(project))
    _refuse_invisible(html)
    mentioned = list(dict.fromkeys(mentioned_ids(html)))  # not those whose mention is in a quotation
    if by.is_agent:
        html = _without_mentions(html, mentioned[MOST_MENTIONS_BY_AGENTS:])
        mentioned = mentioned[:MOST_MENTIONS_BY_AGENTS]
    if len(mentioned) > MOST_MENTIONS:
        sentence = ngettext("Mention {n} person at most.", "Mention {n} people at most.", MOST_MENTIONS)
        raise TooManyMentions(sentence.format(n=MOST_MENTIONS))
    return ParsedMessage(html, [members[pk] for pk in mentioned], list(tasks.values()))


def mentioned_in(text: str, known: handles.Handles) -> list[User]:
    """Whom `text` mentions of those who are `known`, read as a message is; nothing else is read."""
    members: dict[str, User] = {}
    html = to_html(text, Marks(_mentions(known, members), _NO_KEYS, lambda _keys: {}))
    return [members[pk] for pk in dict.fromkeys(mentioned_ids(html))]


def _mentions(known: handles.Handles, members: dict[str, User]) -> Callable[[str, int], tuple[int, str] | None]:
    """What finds the mentions of those who are `known` for Marks, and puts them into `members`, by key."""

    def mention_at(text: str, at: int) -> tuple[int, str] | None:
        found = known.mention_at(text, at)
        if found is None:
            return None
        end, member = found
        members[str(member.pk)] = member
        return end, _mention(member)

    return mention_at


def _without_mentions(html: str, of: list[str]) -> str:
    return MENTION.sub(lambda found: found[2] if found[1] in of else found[0], html) if of else html


def _refuse_long(text: str) -> None:
    if len(text) > MESSAGE_LENGTH:
        raise TooLong(too_long(len(text), MESSAGE_LENGTH))


def _refuse_invisible(html: str) -> None:
    """What Markdown makes of the words decides: a link without text, or `&#8203;`, shows as little as a space."""
    if not VISIBLE_ELEMENT.search(html) and not any(map(names.is_visible, unescape(strip_tags(html)))):
        raise EmptyMessage(_("Write a few words first."))


def _mention(user: User) -> str:
    return f'<span class="mention" data-user="{user.pk}" dir="auto">@{escape(user)}</span>'


@lru_cache(maxsize=256)
def _pattern(key: str) -> re.Pattern[str]:
    """A task's key that stands alone: not within a word, a path or an address, but TIDE-3/TIDE-4 are two."""
    listed = "|".join(f"(?<={key}-{'[0-9]' * digits}/)" for digits in range(1, 10))
    before = rf"(?<!{CASED_LETTER})(?:(?<![-/=&@\\~])|{listed})"
    return re.compile(rf"{before}{key}-[1-9][0-9]{{0,8}}(?!{CASED_LETTER}|[-@=\\]|\.{CASED_LETTER}|/(?!{key}-[1-9])\S)")


def _tasks(project: Project, keys: list[str]) -> dict[int, Task]:
    """The tasks that the first MOST_TASKS of `keys` mean, by number."""
    numbers = list(dict.fromkeys(int(key.rpartition("-")[2]) for key in keys))[:MOST_TASKS]
    found = project.tasks.filter(number__in=numbers).select_related("project", "column")
    return {task.number: task for task in found}


def _chip(task: Task) -> str:
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
