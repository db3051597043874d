"""Tags every page may use."""

from functools import cache

from django import template
from django.apps import apps
from django.contrib.staticfiles.storage import staticfiles_storage
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from apps import names
from apps.max_length import max_length
from teamboard.web.assets import bundles

register = template.Library()
register.filter("isolate", names.isolate)
register.filter("one_line", names.one_line)
WORDS = ["no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]


@register.simple_tag
def icon(name: str, size: str = "") -> SafeString:
    """A picture from the one sprite; `size` is small, large or nothing. It says nothing to screen readers."""
    return _icon(name, size, static("icons.svg"))


@cache
def _icon(name: str, size: str, sprite: str) -> SafeString:
    kind = f" icon--{size}" if size else ""
    return format_html('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>', kind, sprite, name)


@register.simple_tag
def stylesheets() -> SafeString:
    """The stylesheets of a page: one of all, or each by itself where static files are served as they stand."""
    link = '<link rel="stylesheet" href="{}">'
    if getattr(staticfiles_storage, "is_bundled", False):
        return format_html(link, static(bundles.STYLESHEET))
    for_print = format_html('<link rel="stylesheet" href="{}" media="print">', static(bundles.PRINT_STYLESHEET))
    return format_html_join("\n", link, ((static(name),) for name in bundles.STYLESHEETS)) + for_print


@register.simple_tag
@cache
def limit(model: str, field: str) -> int:
    """How many characters the field of a model holds, for a `data-limit`."""
    return max_length(apps.get_model(model), field)


@register.filter
def bdi(name: object) -> SafeString:
    """`name` as HTML for the middle of a sentence, whose words keep their order whatever it is written in."""
    return format_html("<bdi>{}</bdi>", name)


@register.filter
def in_words(number: int) -> str:
    """A small number as English prose writes it; in other languages digits, whose gender is always right."""
    is_english = (get_language() or "en").startswith("en")
    return WORDS[number] if is_english and number < len(WORDS) else str(number)
