"""The few HTML tags that people and programs write in Markdown: of all others one sees what was written.

A tag is taken by its name and loses what stands in it, but for an address. Nothing here makes a text safe: what comes
out still goes through the allow-list of `render.py`.
"""

import re
from collections import Counter
from html import escape, unescape

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

INLINE = {
    "b",
    "strong",
    "i",
    "em",
    "u",
    "ins",
    "s",
    "del",
    "code",
    "kbd",
    "sub",
    "sup",
    "mark",
    "small",
    "br",
    "a",
    "img",
}
BLOCKS = {"details", "summary", "p", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote", "pre", "ul", "ol", "li"}
BLOCKS |= {"dl", "dt", "dd", "table", "thead", "tbody", "tr", "th", "td"}
# They only place what is in them, which is shown.
LAYOUT = {"div", "center", "span", "section", "picture", "source", "font", "samp", "var", "abbr"}
NAMES = INLINE | BLOCKS | LAYOUT
FORMATS = INLINE - {"br", "img"}
# What stands in itself; another <p>, <li> or <td> ends the one before it.
NESTED = {"details", "summary", "blockquote", "pre", "ul", "ol", "dl", "table"}
LONGEST_TAG = 2000
DEEPEST = 50  # tags in one another; of what is deeper, the text is shown alone
_TAG = re.compile(rf"<(/?)({'|'.join(sorted(NAMES, key=len, reverse=True))})((?:\s[^<>]*)?)/?>", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{'|'.join(sorted(BLOCKS | LAYOUT, key=len, reverse=True))})(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\s(href|src|alt|align)\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+)""", re.IGNORECASE)


def take_html(parser: MarkdownIt) -> None:
    parser.inline.ruler.at("html_inline", _inline)
    parser.block.ruler.at("html_block", _block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.core.ruler.after("inline", "open_tags", _close_tags)


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<":
        return False
    if state.src.startswith("<!--", state.pos):
        end, html, name = _comment_end(state, state.pos), "", ""
        if end < 0:
            return False
    else:
        tag = _TAG.match(state.src, state.pos, state.pos + LONGEST_TAG)
        if not tag:
            return False
        end, html, name = tag.end(), _rewritten(tag, in_link=state.linkLevel > 0), tag[1] + tag[2].lower()
    if not silent:
        token = state.push("html_inline", "", 0)
        token.content, token.meta = _link_alone(state, html), {"tag": name}
    state.pos = end
    return True


def _comment_end(state: StateInline | StateBlock, start: int) -> int:
    """Where the comment ends that begins at `start`, or -1; looked for once, however many begin before that."""
    src, looked_from, end = state.env.get("comment_end", ("", 0, 0))
    if src is not state.src or not (looked_from <= start and (end < 0 or start + 4 <= end - 3)):
        at = state.src.find("-->", start + 4)
        end = at + 3 if at >= 0 else -1
        state.env["comment_end"] = (state.src, start, end)
    return int(end)


def _link_alone(state: StateInline, html: str) -> str:
    """`html`, or nothing for a link's tag within a link and for the end of a link that has not begun here."""
    if html.startswith("<a ") and not html.endswith("</a>"):
        if state.linkLevel:
            return ""
        state.env["link_of_tag"] = state
        state.linkLevel += 1
    elif html == "</a>":
        if state.env.pop("link_of_tag", None) is not state:
            return ""
        state.linkLevel -= 1
    return html


def _block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """A comment to its end, or lines from one that begins with a block's tag to the next empty one."""
    if state.is_code_block(start):
        return False
    at, line_end = state.bMarks[start] + state.tShift[start], state.eMarks[start]
    if state.src.startswith("<!--", at):
        closed_at = _comment_end(state, at)
        if closed_at < 0 or closed_at > state.eMarks[end - 1]:
            return False
        after = start + 1
        while not silent and state.eMarks[after - 1] < closed_at:
            after += 1
    elif _BLOCK.match(state.src, at, line_end):
        after = start + 1
        while not silent and after < end and state.sCount[after] >= state.blkIndent and not state.isEmpty(after):
            after += 1
    else:
        return False
    if silent:
        return True
    state.line = after
    token = state.push("html_block", "", 0)
    token.map = [start, after]
    token.content = state.getLines(start, after, state.blkIndent, True)
    return True


class _OpenTags:
    """Ends each formatting tag where the block or Markdown's own emphasis or link ends that it stands in.

    A parser of HTML goes on with what is left open in every block that follows, and writes it once more for each.
    """

    def __init__(self) -> None:
        self._spans: list[list[str]] = [[]]  # the open tags of formatting, by emphasis or link of Markdown's
        self._nested: Counter[str] = Counter()

    def enter(self) -> None:
        self._spans.append([])

    def leave(self) -> str:
        return _ends(self._spans.pop())

    def end(self) -> str:
        """What ends all that is open but blocks."""
        html = "".join(_ends(span) for span in reversed(self._spans))
        self._spans = [[]]
        return html

    def shown(self, tag: str, html: str) -> str:
        """`html` of the tag `b` or `/b` with the ends before it; nothing for one that ends nothing or is too deep."""
        name = tag.removeprefix("/")
        if name in FORMATS:
            return self._format(name, html, is_end=tag != name)
        if name not in BLOCKS:
            return html
        if len(self._spans) > 1 or (name in NESTED and not self._nests(name, is_end=tag != name)):
            return ""
        return self.end() + html

    def _format(self, name: str, html: str, *, is_end: bool) -> str:
        span = self._spans[-1]
        if not is_end:
            if len(span) >= DEEPEST:
                return ""
            html = (self._format(name, "", is_end=True) if name == "a" else "") + html
            span.append(name)
            return html
        if name not in span:
            return ""
        start = len(span) - 1 - span[::-1].index(name)
        html = _ends(span[start:])
        del span[start:]
        return html

    def _nests(self, name: str, *, is_end: bool) -> bool:
        is_shown = self._nested[name] > 0 if is_end else self._nested.total() < DEEPEST
        self._nested[name] += is_shown * (-1 if is_end else 1)
        return is_shown


def _ends(names: list[str]) -> str:
    return "".join(f"</{name}>" for name in reversed(names))


def _close_tags(state: StateCore) -> None:
    tags = _OpenTags()
    for block in state.tokens:
        if block.type == "html_block":
            block.content = _rewritten_block(block.content, tags)
        elif block.children:
            block.children = _closed(block.children, tags)


def _closed(pieces: list[Token], tags: _OpenTags) -> list[Token]:
    closed = []
    for piece in pieces:
        if piece.nesting > 0:
            tags.enter()
        elif piece.nesting < 0:
            closed += _html(tags.leave())
        elif "tag" in piece.meta:
            piece.content = tags.shown(piece.meta["tag"], piece.content) if piece.content else ""
        closed.append(piece)
    return closed + _html(tags.end())


def _html(html: str) -> list[Token]:
    return [Token("html_inline", "", 0, content=html)] if html else []


def _rewritten_block(html: str, tags: _OpenTags) -> str:
    """`html` with its comments gone, its tags reduced to what is known of them, and all else as text."""
    parts, end, in_link = [], 0, False
    html = _without_comments(html)
    for tag in _TAG.finditer(html):
        if len(tag[0]) > LONGEST_TAG:
            continue
        name = tag[1] + tag[2].lower()
        parts += [_text(html[end : tag.start()]), tags.shown(name, _rewritten(tag, in_link))]
        end = tag.end()
        in_link = name == "a" or (in_link and name != "/a" and name.removeprefix("/") not in BLOCKS)
    return "".join([*parts, _text(html[end:]), tags.end()])


def _text(html: str) -> str:
    return escape(unescape(html), quote=False)


def _without_comments(html: str) -> str:
    parts, end = [], 0
    while (start := html.find("<!--", end)) >= 0 and (closed_at := html.find("-->", start + 4)) >= 0:
        parts.append(html[end:start])
        end = closed_at + 3
    return "".join([*parts, html[end:]])


def _rewritten(tag: re.Match[str], in_link: bool) -> str:
    """The tag with nothing in it but an address or an alignment, which the allow-list looks at."""
    closing, name = tag[1], tag[2].lower()
    given = {key.lower(): unescape(value.strip("\"'")) for key, value in _ATTRIBUTE.findall(tag[3])}
    if name in LAYOUT:
        return ""
    if closing:
        return f"</{name}>"
    if name == "img":  # as with ![…](…): a picture elsewhere would tell its host who reads
        return picture(given.get("src", ""), given.get("alt", ""), in_link=in_link)
    if name == "a":
        return f'<a href="{escape(given.get("href", ""))}">'
    if name in ("th", "td") and given.get("align", "").lower() in ("left", "center", "right"):
        return f'<{name} align="{given["align"].lower()}">'
    return f"<{name}>"


def picture(address: str, words: str, *, in_link: bool) -> str:
    """A link with the picture's description, or the description alone within another link."""
    shown = escape(words or address.partition("?")[0].rpartition("/")[2] or "…", quote=False)
    return shown if in_link else f'<a href="{escape(address)}">{shown}</a>'
