"""Markdown from people, agents and Git, to HTML through an allow-list."""

from collections.abc import Callable

import nh3
from django.utils.html import escape
from django.utils.translation import gettext as _
from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.tasks.markdown_links import link_addresses
from apps.tasks.markdown_task_lists import show_boxes

_markdown = MarkdownIt("gfm-like", {"html": False, "linkify": True, "breaks": True})
_markdown.use(link_addresses).use(show_boxes)
# Images are shown as links: a remote one would tell its host who reads, and when.
_markdown.disable("image")
TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "del", "code", "pre"),
    *("blockquote", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "input", "label"),
    *("span", "bdi"),
}
ATTRIBUTES = {
    "a": {"href", "title", "data-task"},
    "span": {"data-user"},
    "*": {"dir"},
    "input": {"checked", "disabled"},
    "ol": {"start"},
    "th": {"align"},
}


LONGEST_RICH_TEXT = 100_000  # characters, for which the worst of them takes two seconds

# Set by `mark` alone, for Markdown brings no class of its own.
CLASSES = {"a": {"chip"}, "span": {"mention", "chip__say"}}


def to_html(markdown: str, mark: Callable[[str], str] | None = None) -> str:
    """`markdown` as HTML that is safe to place on any page: no raw HTML, image, style, id or class.

    Links keep http, https and mailto and say nothing to where they lead. `mark` is given each piece
    of plain text that is neither code nor part of a link, and returns it as HTML. What is longer than LONGEST_RICH_TEXT
    is shown as it was written, and says so: formatting it could take many seconds.
    """
    if len(markdown) > LONGEST_RICH_TEXT:
        return _as_written(markdown)
    tokens = _markdown.parse(markdown)
    for block in tokens:
        if block.level == 0 and block.nesting == 1:
            block.attrSet("dir", "auto")
    if mark:
        for block in tokens:
            _mark(block.children or [], mark)
    return nh3.clean(
        _markdown.renderer.render(tokens, _markdown.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={
            tag: {"tabindex": "0"} for tag in ("pre", "table")
        },  # what scrolls takes the keyboard
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )


def _as_written(text: str) -> str:
    note = escape(_("This text is too long to be formatted. Here it is as it was written."))
    return f'<p><em>{note}</em></p><pre tabindex="0">{escape(text)}</pre>'


def _mark(pieces: list[Token], mark: Callable[[str], str]) -> None:
    depth = 0
    for piece in pieces:
        depth += {"link_open": 1, "link_close": -1}.get(piece.type, 0)
        if piece.type == "text" and not depth:
            piece.type, piece.content = "html_inline", mark(piece.content)


PLACEHOLDER = "\ufffc"  # in place of code and links


def plain_text(markdown: str) -> str:
    """The text of `markdown` without its code, links, addresses and quotations."""
    lines, quoted = [], 0
    for block in _markdown.parse(markdown):
        quoted += {"blockquote_open": 1, "blockquote_close": -1}.get(block.type, 0)
        if block.type == "inline" and not quoted:
            lines.append(_plain_text(block.children or []))
    return "\n".join(lines)


def _plain_text(pieces: list[Token]) -> str:
    texts, depth = [], 0
    for piece in pieces:
        depth += {"link_open": 1, "link_close": -1}.get(piece.type, 0)
        if piece.type == "text" and not depth:
            texts.append(piece.content)
        elif piece.type in ("softbreak", "hardbreak"):
            texts.append("\n")
        elif piece.type in ("code_inline", "link_open"):
            texts.append(PLACEHOLDER)
    return "".join(texts)
