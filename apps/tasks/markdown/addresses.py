"""Addresses that stand in a text as they are become links: with http, https, ftp or www, and those of e-mail.

As in GitHub's Markdown (GFM 6.9): a name with a dot alone is none, for README.md and setup.sh are domains as well. Each
word is looked at by itself, for what linkify-it does grows with the square of what it is given.
"""

import re

from linkify_it import LinkifyIt
from linkify_it.main import Match
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

LONGEST_ADDRESS = 2048  # what is longer stays text
_WORDS = re.compile(r"[^\s<>]+")
_MAYBE = re.compile(r"https?://|ftp://|www\.|mailto:|@", re.IGNORECASE)
_SCHEME_BEFORE = re.compile(r"(?:^|[^a-z0-9.+-])(https?|ftp)$", re.IGNORECASE)
_BEGINNINGS = ("http://", "https://", "ftp://", "www.", "mailto:")


class Addresses(LinkifyIt):  # type: ignore[misc]  # it has no types
    """linkify-it in linear time."""

    def test(self, text: str) -> bool:
        return bool(self.match(text))

    def match(self, text: str) -> list[Match] | None:
        found = []
        for word in _WORDS.finditer(text):
            if len(word.group()) <= LONGEST_ADDRESS and _MAYBE.search(word.group()):
                for match in super().match(word.group()) or ():
                    if _is_address(match):
                        match.index += word.start()
                        match.last_index += word.start()
                        found.append(match)
        return found or None

    def match_at_start(self, text: str) -> Match | None:
        word = _WORDS.match(text, 0, LONGEST_ADDRESS + 1)
        return super().match_at_start(word.group()) if word and len(word.group()) <= LONGEST_ADDRESS else None


def _is_address(match: Match) -> bool:
    return "@" in match.text or match.text.lower().startswith(_BEGINNINGS)


def link_addresses(parser: MarkdownIt) -> None:
    """Have `parser` do so instead of its own way."""
    parser.linkify = Addresses()
    parser.inline.ruler.at("linkify", _address)


def _address(state: StateInline, silent: bool) -> bool:
    """At the colon of http://…, before its _ and * are emphasis; markdown-it's own searches all that precedes it."""
    if state.linkLevel or not state.src.startswith("://", state.pos):
        return False
    before = _SCHEME_BEFORE.search(state.pending[-8:])
    if not before:
        return False
    scheme = before.group(1)
    start = state.pos - len(scheme)
    link = state.md.linkify.match_at_start(state.src[start : start + LONGEST_ADDRESS + 1]) if state.md.linkify else None
    if not link:
        return False
    url = link.url.rstrip("*")
    address = state.md.normalizeLink(url)
    if not state.md.validateLink(address):
        return False
    if not silent:
        state.pending = state.pending[: -len(scheme)]
        opening = state.push("link_open", "a", 1)
        opening.attrs, opening.markup, opening.info = {"href": address}, "linkify", "auto"
        state.push("text", "", 0).content = state.md.normalizeLinkText(url)
        closing = state.push("link_close", "a", -1)
        closing.markup, closing.info = "linkify", "auto"
    state.pos = start + len(url)
    return True
