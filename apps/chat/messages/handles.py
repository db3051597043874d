"""By which handles the members of a project are mentioned."""

import re
import unicodedata
from collections.abc import Iterable

from django.db.models import Q, QuerySet
from django.db.models.functions import Lower

from apps.accounts.models import User
from apps.max_length import max_length
from apps.projects.models import Project
from apps.words import CASED_LETTER, UNCASED, UNSPACED, fold

MOST_CHARACTERS_OF_A_LETTER = 3  # where its marks stand behind it: ễ of a Mac's file names, Hebrew with vowels
MOST_NAMES_WRITTEN = 2_000  # that are looked for one by one
AGENT_PREFIX = "agent-"
LONGEST_USERNAME = max_length(User, "username")
LONGEST_ADDRESS = 200  # as far as is looked back from an @
# What the database folds as we do, in any locale: ASCII without spaces.
PLAIN = "!-~"
_AT, _PLAIN = re.compile("@"), re.compile(f"[{PLAIN}]{{1,{LONGEST_USERNAME}}}")
# Before the @ nothing that makes an address or a longer word of it: a@ben.example, @@ben, x/@ben.
_BEFORE = re.compile(rf"{CASED_LETTER}|[@/.]")
_PRINTED, _ADDRESS = re.compile(r"[!-~]*\Z"), re.compile(r"://|\bwww\.|\w\.\w+/")
# Behind a handle nothing that makes it a longer one: @ana-maria, @ana@example.org, @ana/package, @ana2.
_LONGER = re.compile(rf"[^\W{UNSPACED}]|[.+@-]\w|/\w")
_LONGER_UNLIKE = re.compile(rf"{CASED_LETTER}|[.+@-]\w|/\w")  # behind a cased letter others may stand
_UNCASED, _UNSPACED = re.compile(f"[{UNCASED}]"), re.compile(f"[{UNSPACED}]")


class Handles:
    """The `members` by their handles, whatever the case; one who is called exactly so comes first.

    Where an agent's slug is a person's username, the person has it, and the agent goes by its username.
    """

    def __init__(self, members: Iterable[User]) -> None:
        self._exact: dict[str, User] = {}
        self._folded: dict[str, User] = {}
        for member in sorted(members, key=lambda member: member.is_agent):
            for name in (member.username, handle_of(member)):
                self._exact.setdefault(name, member)
                self._folded.setdefault(fold(name), member)
        self._lengths = sorted({len(name) for name in self._folded}, reverse=True)
        self._most_written = MOST_CHARACTERS_OF_A_LETTER * max(self._lengths, default=0)

    def get(self, handle: str) -> User | None:
        return self._exact.get(handle) or self._folded.get(fold(handle))

    def of(self, member: User) -> str:
        """The handle that means `member` and nobody else."""
        own = (handle_of(member), member.username)
        return next((name for name in own if self.get(name) == member), member.username)

    def mention_at(self, text: str, at: int) -> tuple[int, User] | None:
        """Where the mention ends that begins with the @ at `at`, and of whom: the longest handle that is known."""
        if at and (_BEFORE.match(text, at - 1) or _is_in_address(text, at)):
            return None
        written = text[at + 1 : at + 1 + self._most_written]
        folded = fold(written)
        for length in self._lengths:
            handle = folded[:length]
            if handle not in self._folded:
                continue
            end = at + 1 + _length_folded_to(handle, written)
            if end > at + 1 and not _goes_on(text, end) and (member := self.get(text[at + 1 : end])):
                return end, member
        return None


def of_project(project: Project) -> Handles:
    return Handles(members_of(project))


def named_in(project: Project, texts: Iterable[str]) -> Handles:
    """The handles that `texts` may mention, to be read as if all were known."""
    return Handles(members_named_in(project, texts))


def members_named_in(project: Project, texts: Iterable[str]) -> QuerySet[User]:
    """Whose handles may stand behind an @ in `texts`; few others, and everybody where there are very many of them."""
    written = {name for text in texts for name in _names_in(text)}
    members = members_of(project)
    if len(written) > MOST_NAMES_WRITTEN:
        return members
    usernames = [*written, *(f"{AGENT_PREFIX}{name}" for name in written)]
    plain = members.alias(folded_username=Lower("username"))
    return plain.filter(Q(folded_username__in=usernames) | Q(username__regex=f"[^{PLAIN}]"))


def _names_in(text: str) -> Iterable[str]:
    """What could be a plain username behind each @: all beginnings of what stands there."""
    for at in _AT.finditer(text):
        written = fold(text[at.end() : at.end() + MOST_CHARACTERS_OF_A_LETTER * LONGEST_USERNAME])
        longest = _PLAIN.match(written)
        name = longest[0] if longest else ""
        yield from (name[:length] for length in range(1, len(name) + 1))


def members_of(project: Project) -> QuerySet[User]:
    """Who can be mentioned there."""
    return project.members.filter(is_active=True).order_by("pk")


def handle_of(user: User) -> str:
    """What somebody is mentioned by. An agent goes by its slug: @scribe."""
    return user.username.removeprefix(AGENT_PREFIX) if user.is_agent else user.username


def _length_folded_to(handle: str, written: str) -> int:
    """How much of the beginning of `written` folds to `handle`; 0 when it ends within a letter of `written`."""
    for end in range(1, len(written) + 1):
        folded = fold(written[:end])
        if folded == handle:
            return end
        if len(folded) > len(handle):
            break
    return 0


def _is_in_address(text: str, at: int) -> bool:
    """Whether what stands before `at` looks like an address, also where it becomes no link."""
    begin = _PRINTED.search(text, max(at - LONGEST_ADDRESS, 0), at)
    return begin is not None and _ADDRESS.search(text, begin.start(), at) is not None


def _goes_on(text: str, end: int) -> bool:
    """Whether what stands at `end` makes a longer name of the handle before it."""
    if end >= len(text):
        return False
    if unicodedata.category(text[end]).startswith("M"):  # a vowel of the last letter
        return not _UNSPACED.match(text, end)
    is_uncased = _UNCASED.match(text, end - 1) is not None
    return (_LONGER if is_uncased else _LONGER_UNLIKE).match(text, end) is not None
