"""The lines above the board: upper apps know what keeps it from working, this one does not."""

from collections.abc import Callable

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.projects.models import Event, Project
from apps.projects.realtime.frames import Op

type BannerRenderer = Callable[[Project], SafeString]
_renderers: list[BannerRenderer] = []


def register_board_banner(renderer: BannerRenderer) -> None:
    """Have what `renderer(project)` returns stand above the board; "" for nothing. Call it in `AppConfig.ready()`."""
    _renderers.append(renderer)


def html_of(project: Project) -> SafeString:
    """All banners in one element, blind to who looks; it is there when there is none, so that one can appear."""
    lines = format_html_join("", "{}", ((renderer(project),) for renderer in _renderers))
    return format_html('<div id="board-banner">{}</div>', lines)


def ops_of(project: Project, events: list[Event], open_task: int | None) -> list[Op]:
    """Draw them anew; whoever registers a banner registers this as renderer of the events that change it."""
    return [Op(op="put", id="board-banner", parent="board-banners", rank="", html=html_of(project))]
