"""Where links and pictures lead: to the web, to a file of the project's repository, or nowhere."""

import re
from collections.abc import Callable

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from apps.tasks.markdown.tags import picture

# From a link as it was written, docs/a.md, to the address of that file; None when there is no telling.
FilePage = Callable[[str], str | None]
_ELSEWHERE = re.compile(r"(?:https?:|mailto:|/projects/)", re.IGNORECASE)  # /projects/ is this board's own
# The end of a link that leads nowhere: nh3 leaves it what every link gets.
_WITHOUT_TARGET = re.compile(r"<a(?![^>]* href=)[^>]*>(.*?)</a>", re.DOTALL)


def show_pictures_as_links(parser: MarkdownIt) -> None:
    """A picture elsewhere would tell its host who reads, and when."""
    parser.core.ruler.push("pictures", _pictures)


def _pictures(state: StateCore) -> None:
    for block in state.tokens:
        depth = 0
        for piece in block.children or ():
            depth += {"link_open": 1, "link_close": -1}.get(piece.type, 0)
            if piece.type == "image":
                _show_as_link(piece, in_link=depth > 0)


def _show_as_link(image: Token, in_link: bool) -> None:
    words = "".join(piece.content for piece in image.children or ())
    image.type, image.children = "html_inline", []
    image.content = picture(str(image.attrs.get("src", "")), words, in_link=in_link)


def target(link: str, file_page: FilePage | None) -> str | None:
    """What `link` leads to; None for a place within the text and for a file that is nowhere."""
    if _ELSEWHERE.match(link):
        return link
    if not file_page or link.startswith(("#", "//")) or re.match(r"[a-z][a-z0-9+.-]*:", link, re.IGNORECASE):
        return None
    return file_page(link)


def without_lost_links(html: str) -> str:
    """`html` with the words of links that lead nowhere, and no links."""
    return _WITHOUT_TARGET.sub(r"\1", html)
