"""Markdown from people, agents and Git, to HTML through an allow-list."""

import nh3
from django.utils.html import escape
from markdown_it import MarkdownIt
from markdown_it.token import Token

from apps.tasks.markdown.addresses import link_addresses
from apps.tasks.markdown.emphasis import emphasise
from apps.tasks.markdown.link_targets import FilePage, show_pictures_as_links, target, without_lost_links
from apps.tasks.markdown.marks import PLACEHOLDER, Marks, mark, read_marks
from apps.tasks.markdown.tags import take_html
from apps.tasks.markdown.task_lists import show_boxes


def _parser() -> MarkdownIt:
    parser = MarkdownIt("gfm-like", {"html": False, "linkify": True, "breaks": True})
    return parser.use(link_addresses).use(show_boxes).use(take_html).use(emphasise).use(show_pictures_as_links)


_markdown, _messages = _parser(), _parser().use(read_marks)
TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "del", "code", "pre"),
    *("b", "i", "u", "ins", "mark", "small", "kbd", "sub", "sup", "details", "summary", "dl", "dt", "dd"),
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
    "td": {"align"},
}


LONGEST_RICH_TEXT = 100_000  # characters, for which the worst of them takes two seconds
MOST_GROWTH = 20  # times the characters of a text, and SPARE_LENGTH more: so long may its HTML be
SPARE_LENGTH = 10_000
AS_WRITTEN = '<pre class="as-written" tabindex="0">'  # no Markdown brings this class

# Set by marks alone, for Markdown brings no class of its own.
CLASSES = {"a": {"chip"}, "span": {"mention", "chip__say"}}


def to_html(markdown: str, marks: Marks | None = None, *, file_page: FilePage | None = None) -> str:
    """`markdown` as HTML that is safe to place on any page: a few tags, and no image, style, id or class.

    Links keep http, https and mailto and say nothing to where they lead; relative ones lead to what `file_page`
    makes of them, and are plain text otherwise. With `marks` it is read as a message. What is longer than
    LONGEST_RICH_TEXT, or would become far longer, is AS_WRITTEN; where it is shown, `shown` of `long_text` says so.
    """
    if len(markdown) > LONGEST_RICH_TEXT:
        return _as_written(markdown)
    parser = _messages if marks else _markdown
    tokens = parser.parse(markdown, {"marks": marks})
    for block in tokens:
        _align(block)
        if block.level == 0 and block.nesting == 1:
            block.attrSet("dir", "auto")
    most = MOST_GROWTH * len(markdown) + SPARE_LENGTH
    if _length_of_addresses(tokens) > most:
        return _as_written(markdown)
    if marks:
        mark(tokens, marks)
    rendered = parser.renderer.render(tokens, parser.options, {})
    html = nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        allowed_classes=CLASSES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={
            tag: {"tabindex": "0"} for tag in ("pre", "table")
        },  # what scrolls takes the keyboard
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
        attribute_filter=lambda _tag, name, value: target(value, file_page) if name == "href" else value,
    )
    if len(html) > most + (len(rendered) if marks else 0):
        return _as_written(markdown)
    return without_lost_links(html)


def _length_of_addresses(tokens: list[Token]) -> int:
    """Of links and pictures: a reference repeats what was written once."""
    return sum(len(str(value)) for block in tokens for piece in block.children or () for value in piece.attrs.values())


def _align(cell: Token) -> None:
    """A table's cell says by an attribute where its text stands; the policy of the pages lets no style pass."""
    style = str(cell.attrs.pop("style", ""))
    if cell.type in ("th_open", "td_open") and style:
        cell.attrSet("align", style.removeprefix("text-align:"))


def _as_written(text: str) -> str:
    return f"{AS_WRITTEN}{escape(text)}</pre>"


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
