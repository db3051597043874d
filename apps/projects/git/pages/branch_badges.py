"""What stands beside a branch on the page of the code: upper apps know the tasks, this one does not."""

from collections.abc import Callable, Iterable

from django.utils.safestring import SafeString

from apps.projects.models import Repository

type BadgeRenderer = Callable[[Repository, list[str]], dict[str, SafeString]]
_renderers: list[BadgeRenderer] = []


def register_branch_badges(renderer: BadgeRenderer) -> None:
    """Have `renderer(repository, names of branches)` asked for what stands beside which. Call it in `ready()`."""
    _renderers.append(renderer)


def badges_of(repository: Repository, names: Iterable[str]) -> dict[str, list[SafeString]]:
    """By branch, what every registered renderer has for it."""
    names = list(names)
    found: dict[str, list[SafeString]] = {}
    for renderer in _renderers:
        for name, html in renderer(repository, names).items():
            found.setdefault(name, []).append(html)
    return found
