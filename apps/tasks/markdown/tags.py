"""The few HTML tags that people and programs write in Markdown: of all others one sees what was written.

A tag is taken by its name and loses what stands in it, but for an address. Nothing here makes a text safe: what comes
out still goes through the allow-list of `render.py`.
"""

import re
from html import escape, unescape

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

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
LONGEST_TAG = 2000
_TAG = re.compile(rf"<(/?)({'|'.join(sorted(NAMES, key=len, reverse=True))})((?:\s[^<>]*)?)/?>", re.IGNORECASE)
_BLOCK = re.compile(rf"</?(?:{'|'.join(sorted(BLOCKS | LAYOUT, key=len, reverse=True))})(?=[\s/>])", re.IGNORECASE)
_ATTRIBUTE = re.compile(r"""\s(href|src|alt|align)\s*=\s*("[^"]*"|'[^']*'|[^\s"'=<>`]+)""", re.IGNORECASE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)


def take_html(parser: MarkdownIt) -> None:
    parser.inline.ruler.at("html_inline", _inline)
    parser.block.ruler.at("html_block", _block, {"alt": ["paragraph", "reference", "blockquote"]})


def _inline(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] != "<":
        return False
    if state.src.startswith("<!--", state.pos):
        end = state.src.find("-->", state.pos + 4) + 3
        html = ""
        if end == 2:
            return False
    else:
        tag = _TAG.match(state.src, state.pos, state.pos + LONGEST_TAG)
        if not tag:
            return False
        end, html = tag.end(), _rewritten(tag, in_link=state.linkLevel > 0)
    if not silent:
        state.push("html_inline", "", 0).content = _link_alone(state, html)
    state.pos = end
    return True


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
        closed_at = state.src.find("-->", at + 4)
        if closed_at < 0 or closed_at > state.eMarks[end - 1]:
            return False
        after = start + 1
        while state.eMarks[after - 1] < closed_at:
            after += 1
    elif _BLOCK.match(state.src, at, line_end):
        after = start + 1
        while after < end and state.sCount[after] >= state.blkIndent and not state.isEmpty(after):
            after += 1
    else:
        return False
    if silent:
        return True
    state.line = after
    token = state.push("html_block", "", 0)
    token.map = [start, after]
    token.content = rewritten(state.getLines(start, after, state.blkIndent, True))
    return True


def rewritten(html: str) -> str:
    """`html` with its comments gone, its tags reduced to what is known of them, and all else as text."""
    parts, end, in_link = [], 0, False
    html = _COMMENT.sub("", html)
    for tag in _TAG.finditer(html):
        parts += [escape(unescape(html[end : tag.start()]), quote=False), _rewritten(tag, in_link)]
        end, in_link = tag.end(), not tag[1] if tag[2].lower() == "a" else in_link
    return "".join([*parts, escape(unescape(html[end:]), quote=False)])


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
