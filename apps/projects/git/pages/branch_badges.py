"""What stands beside a branch on the page of the code: upper apps know the tasks, this one does not."""

from collections.abc import Callable, Iterable

from django.utils.safestring import SafeString

from apps.projects.models import Repository

type Drawing = Callable[[Repository, list[str]], dict[str, SafeString]]
_drawings: list[Drawing] = []


def draws(drawing: Drawing) -> None:
    """Have `drawing(repository, names of branches)` asked for what stands beside which. Call it in `ready()`."""
    _drawings.append(drawing)


def drawn(repository: Repository, names: Iterable[str]) -> dict[str, list[SafeString]]:
    """By branch, what everybody who draws has for it."""
    names = list(names)
    found: dict[str, list[SafeString]] = {}
    for drawing in _drawings:
        for name, html in drawing(repository, names).items():
            found.setdefault(name, []).append(html)
    return found
