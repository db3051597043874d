"""Markdown from people, agents and Git, to HTML through an allow-list."""

import nh3
from markdown_it import MarkdownIt
from mdit_py_plugins.tasklists import tasklists_plugin

_markdown = MarkdownIt("gfm-like", {"html": False, "linkify": True, "breaks": True}).use(tasklists_plugin, label=True)
# Images are shown as links: a remote one would tell its host who reads, and when.
_markdown.disable("image")
TAGS = {
    *("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "s", "del", "code", "pre"),
    *("blockquote", "ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td", "a", "input", "label"),
}
ATTRIBUTES = {
    "a": {"href", "title"},
    "input": {"checked", "disabled"},
    "ol": {"start"},
    "th": {"align"},
}


def to_html(markdown: str) -> str:
    """`markdown` as HTML that is safe to place on any page: no raw HTML, image, style, id or class.

    Links keep http, https and mailto and say nothing to where they lead.
    """
    return nh3.clean(
        _markdown.render(markdown),
        tags=TAGS,
        attributes=ATTRIBUTES,
        tag_attribute_values={"input": {"type": {"checkbox"}}},
        set_tag_attribute_values={
            tag: {"tabindex": "0"} for tag in ("pre", "table")
        },  # what scrolls takes the keyboard
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
