"""Items that begin with [ ] or [x] get a box, as in GitHub's Markdown (GFM 5.3).

The plugin of mdit-py-plugins looks for each item's list from the item back to the beginning of the text.
"""

import re

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

_BOX = re.compile(r"\[([ xX])\][ \t\n\v\f\r]+")
_BEFORE = ("list_item_open", "paragraph_open", "inline")


def show_boxes(parser: MarkdownIt) -> None:
    parser.core.ruler.after("inline", "task_lists", _task_lists)


def _task_lists(state: StateCore) -> None:
    for item, paragraph, inline in zip(state.tokens, state.tokens[1:], state.tokens[2:], strict=False):
        if (item.type, paragraph.type, inline.type) == _BEFORE and (box := _BOX.match(inline.content)):
            _put_box(inline, is_checked=box.group(1) != " ")


def _put_box(inline: Token, is_checked: bool) -> None:
    children = inline.children or []
    if not children or not children[0].content.startswith("["):
        return
    children[0].content = children[0].content[3:]
    checked = 'checked="checked" ' if is_checked else ""
    opening = Token("html_inline", "", 0, content=f'<label><input {checked}disabled="disabled" type="checkbox">')
    inline.children = [opening, *children, Token("html_inline", "", 0, content="</label>")]
