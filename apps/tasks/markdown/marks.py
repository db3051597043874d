"""Reading a message: whom it mentions and which tasks it names, found where they are shown."""

import re
from bisect import bisect
from collections.abc import Callable
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

PLACEHOLDER = "\ufffc"  # in place of code and links
# What stands between the texts of a line, where references are looked for.
SHOWN_AS = {"code_inline": PLACEHOLDER, "link_open": PLACEHOLDER, "html_inline": PLACEHOLDER}
SHOWN_AS |= {"softbreak": "\n", "hardbreak": "\n"}


class Marks(NamedTuple):
    """What a message says to people and of tasks, found where it is shown: never in code, links and addresses.

    `mention_at(text, at)` is asked at each @ that is not escaped: where the mention ends and its HTML, or None. None
    is in a quotation. `pattern` finds references, and `link(texts)` makes HTML of those that are known.
    """

    mention_at: Callable[[str, int], tuple[int, str] | None]
    pattern: re.Pattern[str]
    link: Callable[[list[str]], dict[str, str]]


def _mention(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "@" or state.linkLevel:
        return False
    found = state.env["marks"].mention_at(state.src, state.pos)
    if found is None or _is_in_address(state):
        return False
    end, html = found
    if not silent:
        token = state.push("mention", "", 0)
        token.content, token.meta = state.src[state.pos : end], {"html": html}
    state.pos = end
    return True


def _is_in_address(state: StateInline) -> bool:
    """Whether the @ is within what becomes a link once the text is read: www.a.example/?to=@ana"""
    known = state.env.setdefault("addresses", {})
    if state.src not in known:
        found = (state.md.linkify.match(state.src) if state.md.linkify else None) or ()
        known[state.src] = [edge for link in found for edge in (link.index, link.last_index - 1)]
    return bisect(known[state.src], state.pos - 1) % 2 == 1  # after the beginning of one, before its end


def _quote_end(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """In a message, the line after a quotation is the answer to it, also without an empty line between them."""
    return silent


def read_marks(parser: MarkdownIt) -> None:
    """Have `parser` read messages: its `env` holds the Marks, and `mark` is called with its tokens."""
    parser.disable("text_join")  # it forgets which characters were escaped
    parser.inline.ruler.push("mention", _mention)
    parser.block.ruler.push("quote_end", _quote_end, {"alt": ["blockquote"]})


def mark(tokens: list[Token], marks: Marks) -> None:
    """Turn mentions and references into HTML, where they are shown."""
    quoted, places = 0, []
    for block in tokens:
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(block.type, 0)
        for piece in block.children or ():
            if piece.type == "mention":
                piece.type = "text" if quoted else "html_inline"
                piece.content = piece.content if quoted else piece.meta["html"]
        places += _references_in(block.children or [], marks.pattern)
    links = marks.link([piece.content[start:end] for piece, start, end in places]) if places else {}
    for piece, spans in groupby(places, key=itemgetter(0)):
        _put_links(piece, [(start, end) for _piece, start, end in spans], links)
    for block in tokens:
        for piece in block.children or ():
            piece.type = "text" if piece.type == "text_special" else piece.type


def _references_in(pieces: list[Token], pattern: re.Pattern[str]) -> list[tuple[Token, int, int]]:
    """Where `pattern` stands in the text as it is shown; what goes on from one piece into another is none."""
    starts: list[tuple[int, Token]] = []
    shown, length, depth = [], 0, 0
    for piece in pieces:
        depth += {"link_open": 1, "link_close": -1}.get(piece.type, 0)
        is_text = piece.type in ("text", "text_special") and not depth
        if piece.type == "text" and is_text:
            starts.append((length, piece))
        shown.append(piece.content if is_text else SHOWN_AS.get(piece.type, ""))
        length += len(shown[-1])
    found, at = [], 0
    for match in pattern.finditer("".join(shown)) if starts else ():
        while at + 1 < len(starts) and starts[at + 1][0] <= match.start():
            at += 1
        start, piece = starts[at]
        if start <= match.start() and match.end() <= start + len(piece.content):
            found.append((piece, match.start() - start, match.end() - start))
    return found


def _put_links(piece: Token, spans: list[tuple[int, int]], links: dict[str, str]) -> None:
    """Have `piece`, a text, show the known ones of `spans` as their links."""
    parts, end_before = [], 0
    for start, end in spans:
        link = links.get(piece.content[start:end])
        if link:
            parts += [escapeHtml(piece.content[end_before:start]), link]
            end_before = end
    piece.type, piece.content = "html_inline", "".join([*parts, escapeHtml(piece.content[end_before:])])
