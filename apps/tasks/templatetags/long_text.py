"""What is too long to stand open: it is folded after FOLDED_AFTER lines, wherever people read it."""

from math import ceil

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from apps.tasks.markdown.render import AS_WRITTEN

register = template.Library()
FOLDED_AFTER = 40  # lines
LINE = 100  # characters of a line, about, before it is wrapped
BEGINNING = 240


@register.filter
def lines_of(text: str, width: int = LINE) -> int:
    """How many lines it takes, about, where `width` characters fit into one."""
    return sum(max(1, ceil(len(line) / width)) for line in text.splitlines())


@register.filter
def is_long(text: str, width: int = LINE) -> bool:
    return lines_of(text, width) > FOLDED_AFTER


@register.filter
def beginning_of(text: str) -> str:
    """What stands for it while it is folded."""
    words = " ".join(text[: 2 * BEGINNING].split())
    return words if len(words) <= BEGINNING else f"{words[: BEGINNING - 1].rstrip()}…"


@register.filter
def shown(html: str) -> SafeString:
    """`html` of a Markdown text, with the sentence before it, in the reader's language, when it is not formatted."""
    safe = mark_safe(html)  # noqa: S308 - from the allow-list of `markdown.to_html`
    if not html.startswith(AS_WRITTEN):
        return safe
    sentence = _("This text is too long to be formatted. Here it is as it was written.")
    return format_html("<p><em>{}</em></p>{}", sentence, safe)
