"""A diff as the page shows it: file by file, line by line, coloured by Pygments within limits."""

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import get_lexer_for_filename
from pygments.util import ClassNotFound

from apps.projects.git.sanitize import tidy, visible

MOST_FILES = 100
MOST_LINES = 4000
LONGEST_LINE = 500
COLOURED_LINE = 300  # longer ones are data, and cost a lexer most
COLOURED_SECONDS = 0.5  # of CPU for one diff; what comes after that stays plain
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@(.*)")
QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"')
FORMATTER = HtmlFormatter(nowrap=True, classprefix="hl-")


@dataclass
class Line:
    """`sign` is "+", "-", " " or "@" for the head of a part; numbers are those of the old and the new file."""

    sign: str
    text: str
    old: int | None = None
    new: int | None = None
    html: SafeString = field(default_factory=SafeString)


@dataclass
class File:
    path: str
    former: str = ""  # its path before a rename
    change: str = "changed"  # or added, deleted, renamed
    is_binary: bool = False
    lines: list[Line] = field(default_factory=list)

    @property
    def additions(self) -> int:
        return sum(line.sign == "+" for line in self.lines)

    @property
    def deletions(self) -> int:
        return sum(line.sign == "-" for line in self.lines)


@dataclass
class Diff:
    files: list[File]
    is_cut: bool  # there is more than is shown

    @property
    def additions(self) -> int:
        return sum(each.additions for each in self.files)

    @property
    def deletions(self) -> int:
        return sum(each.deletions for each in self.files)


def parsed(said: bytes, *, is_cut: bool = False) -> Diff:
    """The diff that git wrote, up to 100 files and 4,000 lines."""
    diff = Diff([], is_cut)
    left, old, new = MOST_LINES, 0, 0
    for raw in said.split(b"\n"):
        line = _decoded(raw)
        if line.startswith("diff --git "):
            if len(diff.files) == MOST_FILES:
                diff.is_cut = True
                break
            diff.files.append(File(_path_in(line)))
            in_hunk = False
        elif not diff.files:
            continue
        elif found := HUNK.match(line):
            old, new, in_hunk = int(found[1]), int(found[2]), True
            diff.files[-1].lines.append(Line("@", shown(found[3].strip())))
        elif not in_hunk:
            _read_header(diff.files[-1], line)
        elif line[:1] in ("+", "-", " "):
            if left == 0:
                diff.is_cut = True
                break
            left -= 1
            is_old, is_new = line[0] != "+", line[0] != "-"
            numbers = (old if is_old else None, new if is_new else None)
            diff.files[-1].lines.append(Line(line[0], shown(line[1:]), *numbers))
            old, new = old + is_old, new + is_new
    _colour(diff)
    return diff


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def shown(text: str) -> str:
    """A line of a file, cut where it is very long."""
    return visible(text[:LONGEST_LINE]) + ("…" if len(text) > LONGEST_LINE else "")


def _path_in(line: str) -> str:
    """The path in `diff --git a/PATH b/PATH`; that of a renamed file is read from its own lines."""
    words = line.removeprefix("diff --git ")
    if found := QUOTED.match(words):
        return _unquoted(found[0])[2:]
    return tidy(words[2 : (len(words) + 1) // 2], 300)


def _unquoted(words: str) -> str:
    """A path that git wrote in quotes, its escapes read as the bytes they stand for."""
    inner = words.strip().removeprefix('"').removesuffix('"')
    try:
        read = inner.encode("latin-1", "replace").decode("unicode_escape")
    except UnicodeDecodeError:
        return tidy(inner, 300)
    return tidy(_decoded(read.encode("latin-1", "replace")), 300)


def _read_header(file: File, line: str) -> None:
    if line.startswith("new file"):
        file.change = "added"
    elif line.startswith("deleted file"):
        file.change = "deleted"
    elif line.startswith("rename from "):
        file.change, file.former = "renamed", _named(line.removeprefix("rename from "))
    elif line.startswith("rename to "):
        file.path = _named(line.removeprefix("rename to "))
    elif line.startswith(("Binary files", "GIT binary patch")):
        file.is_binary = True


def _named(path: str) -> str:
    return _unquoted(path) if path.startswith('"') else tidy(path, 300)


def _colour(diff: Diff) -> None:
    """Give each line its HTML; a file that no lexer knows, and what comes too late, is only escaped."""
    lexers = [_lexer_for(file.path) for file in diff.files]
    until = time.thread_time() + COLOURED_SECONDS
    for file, lexer in zip(diff.files, lexers, strict=True):
        for part in _parts(file.lines):
            if lexer and time.thread_time() < until and max(len(line.text) for line in part) <= COLOURED_LINE:
                _colour_side(part, "-", lexer)
                _colour_side(part, "+", lexer)
        for line in file.lines:
            line.html = line.html or SafeString(escape(line.text))


def _lexer_for(path: str) -> Lexer | None:
    try:
        return get_lexer_for_filename(path.rpartition("/")[2], stripnl=False, ensurenl=False)
    except ClassNotFound:
        return None


def _parts(lines: list[Line]) -> Iterator[list[Line]]:
    """The lines between two heads: what stands together in a file."""
    part: list[Line] = []
    for line in lines:
        if line.sign != "@":
            part.append(line)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _colour_side(part: list[Line], sign: str, lexer: Lexer) -> None:
    """Colour what the file was ("-") or became ("+"), so that each side is whole for the lexer."""
    side = [line for line in part if line.sign in (sign, " ")]
    coloured = highlight("".join(f"{line.text}\n" for line in side), lexer, FORMATTER).split("\n")[:-1]
    if len(coloured) == len(side):
        for line, html in zip(side, coloured, strict=True):
            line.html = mark_safe(html)  # noqa: S308  Pygments escapes
